/** WalletConnect is left out of this build; reaching it means a project id was configured without its client. */
export const UniversalConnector = {
  init() {
    throw new Error("WalletConnect is not part of this build of BitPay.");
  },
};

/** Development only: the wallet that lives in the page. */
import "../src/bitpay/demo/web/wallet";

// What a web application does with @stacks/transactions, against the API whose address is the first argument.
import {
  Cl, broadcastTransaction, fetchAbi, fetchCallReadOnlyFunction, fetchContractMapEntry, fetchNonce, fetchFeeEstimate,
  makeContractCall, makeContractDeploy, makeSTXTokenTransfer, Pc, PostConditionMode,
} from '@stacks/transactions';
import { STACKS_TESTNET } from '@stacks/network';

const [baseUrl, senderKey, sender, recipient, clarityCode] = process.argv.slice(2);
const client = { baseUrl };
const network = { ...STACKS_TESTNET, client };
const common = { senderKey, network, client };
const said = {};

async function send(name, transaction) {
  const answer = await broadcastTransaction({ transaction, network, client });
  said[name] = answer;
  return answer.txid;
}

async function mined(txid) {
  for (let k = 0; k < 300; k++) {
    const { tx_status: status } = await (await fetch(`${baseUrl}/extended/v1/tx/0x${txid}`)).json();
    if (status !== 'pending') return status;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${txid} was not mined`);
}

const deploy = await makeContractDeploy({ ...common, contractName: 'counter', codeBody: clarityCode, clarityVersion: 4 });
said.deployed = await mined(await send('deploy', deploy));

said.abi = (await fetchAbi({ contractAddress: sender, contractName: 'counter', network, client })).functions.length;
const call = await makeContractCall({
  ...common, contractAddress: sender, contractName: 'counter', functionName: 'increment', functionArgs: [Cl.uint(7)],
  validateWithAbi: true,
});
said.called = await mined(await send('call', call));

const read = { contractAddress: sender, contractName: 'counter', network, client };
const count = await fetchCallReadOnlyFunction({ ...read, functionName: 'get-count', functionArgs: [], senderAddress: sender });
said.count = Cl.prettyPrint(count);
const visit = await fetchContractMapEntry({ ...read, mapName: 'visits', mapKey: Cl.principal(sender) });
said.visit = Cl.prettyPrint(visit);

const guarded = await makeSTXTokenTransfer({ ...common, recipient, amount: 1234n, memo: 'from outside' });
said.transferred = await mined(await send('transfer', guarded));
const broken = await makeContractCall({
  ...common, contractAddress: sender, contractName: 'counter', functionName: 'increment', functionArgs: [Cl.uint(1)],
  postConditions: [Pc.principal(sender).willSendEq(5).ustx()], postConditionMode: PostConditionMode.Deny,
});
said.broken = await mined(await send('broken', broken));

said.nonce = String(await fetchNonce({ address: sender, network, client }));
said.fees = (await fetchFeeEstimate({ transaction: call, network, client })).toString();
const again = await makeSTXTokenTransfer({ ...common, recipient, amount: 1n, nonce: 0n, fee: 500n });
await send('rejected', again);
console.log(JSON.stringify(said, (_, value) => (typeof value === 'bigint' ? value.toString() : value)));

// Every method of @hirosystems/chainhooks-client, against the API whose address is the first argument.
import { ChainhooksClient } from '@hirosystems/chainhooks-client';

const [baseUrl, apiKey, url] = process.argv.slice(2);
const client = new ChainhooksClient({ baseUrl, apiKey });
const said = { status: await client.getStatus() };
const hook = await client.registerChainhook({
  name: 'from outside', version: '1', chain: 'stacks', network: 'testnet',
  filters: { events: [{ type: 'contract_log' }] },
  action: { type: 'http_post', url },
  options: { decode_clarity_values: true, enable_on_registration: false },
});
said.registered = hook.status;
await client.enableChainhook(hook.uuid, true);
said.enabled = (await client.getChainhook(hook.uuid)).status;
said.secret = (await client.rotateConsumerSecret()).secret.length;
said.listed = (await client.getChainhooks({ limit: 10, offset: 0 })).total;
said.renamed = (await client.updateChainhook(hook.uuid, { name: 'renamed' })).definition.name;
said.bulk = (await client.bulkEnableChainhooks({ enabled: true, filters: { uuids: [hook.uuid] } })).updated_uuids;
await client.evaluateChainhook(hook.uuid, { block_height: 2 });
said.missing = await client.getChainhook('00000000-0000-4000-8000-000000000000').catch((error) => error.status ?? error.statusCode);
await client.deleteConsumerSecret();
said.noSecret = (await client.getConsumerSecret()).secret;
said.uuid = hook.uuid;
const other = await client.registerChainhook({
  name: 'gone', version: '1', chain: 'stacks', network: 'testnet',
  filters: { events: [{ type: 'stx_event' }] }, action: { type: 'http_post', url },
});
await client.deleteChainhook(other.uuid);
said.left = (await client.getChainhooks()).results.map((one) => one.definition.name);
console.log(JSON.stringify(said));

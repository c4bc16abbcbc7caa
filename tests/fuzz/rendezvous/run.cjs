// Runs @stacks/rendezvous on a simulated network whose people hold sBTC and whose time begins at the same moment always.
// node run.cjs PROJECT CONTRACT invariant|test --seed=N --runs=N; PROJECT/people.json says who has how much.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const sdk = require('@stacks/clarinet-sdk');
const yaml = require('yaml');

const { people, sats, token, time } = JSON.parse(readFileSync(join(process.argv[2], 'people.json'), 'utf8'));
const accounts = new Map(Object.entries(people));

// The VM takes its genesis time from the clock.
async function atGenesis(action) {
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      if (parts.length === 0) super(time * 1000);
      else super(...parts);
    }

    static now() {
      return time * 1000;
    }
  };
  try {
    return await action();
  } finally {
    globalThis.Date = RealDate;
  }
}

function peopled(simnet) {
  let funded = true;
  const own = {
    getAccounts: () => accounts,
    initEmptySession: async (settings) => {
      await atGenesis(() => simnet.initEmptySession(settings));
      funded = false;
    },
    deployContract: (...deployment) => {
      if (!funded) for (const who of accounts.values()) simnet.mintFT(token, who, BigInt(sats));
      funded = true;
      return simnet.deployContract(...deployment);
    },
  };
  return new Proxy(simnet, { get: (target, name) => own[name] ?? target[name] });
}

const { initSimnet } = sdk;
sdk.initSimnet = async (...parameters) => peopled(await atGenesis(() => initSimnet(...parameters)));

// This SDK writes {transaction-type: KIND, ...} into its plans; Rendezvous 0.12 reads {KIND: {...}} with this same parser.
const { parse } = yaml;
yaml.parse = (...parameters) => {
  const plan = parse(...parameters);
  for (const batch of plan.plan.batches) {
    batch.transactions = batch.transactions.map((one) => ({ [one['transaction-type']]: one }));
  }
  return plan;
};

require('@stacks/rendezvous/dist/app.js').main();

// The process: frames of a 4-byte length and JSON on the inherited socket whose
// file descriptor is the first argument. A request is a list of operations
// [name, parameters], the answer the list of their outcomes, in order:
//   { ok: value } | { refused: sentence } | { broken: sentence }
// Once the VM itself broke (a panic), all that follows in the request is broken too: restore or restart.
import { Socket } from 'node:net';
import { Refused, Session } from './session.mjs';

const channel = new Socket({ fd: Number(process.argv[2]), readable: true, writable: true });
channel.on('end', () => process.exit(0));
channel.on('error', () => process.exit(1));

let session = null;
const operations = {
  async start(settings) {
    session = await Session.start(settings);
    return session.status();
  },
};

async function perform([name, parameters = {}]) {
  if (operations[name]) return operations[name](parameters);
  if (!session || typeof session[name] !== 'function') throw new Refused(`there is no operation ${name}`);
  return session[name](parameters);
}

async function outcomes(list) {
  const answers = [];
  let broken = null;
  for (const operation of list) {
    if (broken) answers.push({ broken });
    else {
      try {
        answers.push({ ok: await perform(operation) });
      } catch (error) {
        if (error instanceof Refused) answers.push({ refused: error.message });
        else answers.push({ broken: (broken = error?.message ?? String(error)) });
      }
    }
  }
  return answers;
}

function send(value) {
  const body = Buffer.from(JSON.stringify(value));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  channel.write(Buffer.concat([head, body]));
}

async function* frames(stream) {
  let pending = Buffer.alloc(0);
  for await (const chunk of stream) {
    pending = pending.length ? Buffer.concat([pending, chunk]) : chunk;
    while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
      const end = 4 + pending.readUInt32BE(0);
      yield pending.subarray(4, end);
      pending = pending.subarray(end);
    }
  }
}

for await (const frame of frames(channel)) send(await outcomes(JSON.parse(frame)));
process.exit(0);

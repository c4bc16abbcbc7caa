// Counts which expressions of which contracts were evaluated.
//
// The SDK's own coverage knows only contracts of a project folder and forgets what a restored snapshot takes back. Its
// record of where a call spent its costs names every expression that was evaluated: one line per evaluation,
//   contract;contract:function:line:column;contract:function:operator:line:column cost
// of which the last frame is the expression.
export class Coverage {
  #sdk;
  #counts = new Map(); // contract -> { "line:column": times }

  constructor(sdk) {
    this.#sdk = sdk;
  }

  // Begins a fresh record: the SDK's would go on for ever.
  expect() {
    this.#sdk.enablePerformance('runtime');
  }

  // Takes the record of a call that ran to its end.
  take({ performance }) {
    for (const line of (performance ?? '').split('\n')) {
      const frame = line.slice(line.lastIndexOf(';') + 1, line.lastIndexOf(' '));
      const place = /^([^:]+):.*?(\d+:\d+)$/.exec(frame);
      if (place) this.#count(place[1], place[2]);
    }
  }

  #count(contract, place) {
    let counts = this.#counts.get(contract);
    if (!counts) this.#counts.set(contract, (counts = {}));
    counts[place] = (counts[place] ?? 0) + 1;
  }

  counts() {
    return Object.fromEntries(this.#counts);
  }
}

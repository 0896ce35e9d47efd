// The reader's own game, as `python -m persuasion solve` takes it: any number of senders, states, actions and signals
// that a screen holds. Computed here with the model of playground.js; ties go to the first action.
"use strict";

// the scripts of a page come in the order of their names: playground.js must be there first
document.addEventListener("DOMContentLoaded", () => {
  const { evaluate, element, number, amount } = window.persuasionPlayground;
  const MOST_INPUTS = 400;
  const MOST_JOINT = 4096;
  const MOST_ROWS = 40;
  const MOST_WORK = 2e6;
  const SCHEMA = "persuasion/game/1";
  const KEYS = ["schema", "name", "prior", "receiver", "senders", "signals", "names", "fixed"];
  const KINDS = ["states", "actions", "senders", "signals"];
  // as model/names.py has them: what no line of text can hold, and what nobody sees
  const BREAKS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/u;
  const SEEN = /[^\s\u00ad\u200b-\u200f\u2060\ufeff]/u;
  const DUST = 1e-9;
  const ROW_ROUNDING = 1e-14;

  // ---- reading a game: what the library refuses is refused here, too, with the place, and nothing else

  function need(holds, message) {
    if (!holds) throw new Error(message);
  }

  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const isLine = (value) => typeof value === "string" && !BREAKS.test(value);
  const total = (row) => row.reduce((sum, share) => sum + share, 0);

  function knows(what, data, keys) {
    const unknown = Object.keys(data).filter((key) => !keys.includes(key));
    need(!unknown.length, `${what} has unknown keys: ${unknown.join(", ")}`);
  }

  // of JSON that is valid: a string before a colon is a key of the innermost object
  function refuseRepeatedKeys(text) {
    const open = [];
    let last = "";
    for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
      if (token === "{" || token === "[") open.push(new Set());
      if (token === "}" || token === "]") open.pop();
      if (token === ":") {
        const key = JSON.parse(last);
        need(!open.at(-1).has(key), `the key '${key}' occurs twice`);
        open.at(-1).add(key);
      }
      last = token;
    }
  }

  function table(name, rows, states, width) {
    need(Array.isArray(rows) && rows.length === states, `${name} must have ${states} rows, one per state`);
    rows.forEach((row, state) => need(
      Array.isArray(row) && row.length === width && row.every(Number.isFinite),
      `${name}[${state}] must hold ${width} numbers`));
  }

  function distribution(name, row) {
    const own = row.map((share) => Math.max(share, 0));
    const sum = total(own);
    need(row.every((share) => share >= -DUST) && Math.abs(sum - 1) <= DUST, `${name} must be probabilities that sum to 1`);
    return Math.abs(sum - 1) > ROW_ROUNDING ? own.map((share) => share / sum) : own;
  }

  // null for none
  function list(where, given, count) {
    if (given === undefined || (Array.isArray(given) && !given.length)) return null;
    need(Array.isArray(given) && given.length === count, `${where} must be ${count} names`);
    given.forEach((name, k) => need(isLine(name) && SEEN.test(name), `${where}[${k}] must be a line of text`));
    need(new Set(given).size === count, `${where} has a name twice`);
    return given;
  }

  function signalNames(given, counts) {
    const perSender = Array.isArray(given) && Array.isArray(given[0]);
    if (!perSender) {
      const all = list("names.signals", given, Math.max(...counts));
      return all && counts.map((count) => all.slice(0, count));
    }
    need(given.length === counts.length, `names.signals must be ${counts.length} lists`);
    return counts.map((count, i) => {
      const own = list(`names.signals[${i}]`, given[i], count);
      need(own, `names.signals[${i}] must be ${count} names`);
      return own;
    });
  }

  function readGame(text) {
    const json = text.replace(/^\ufeff/, "");
    const data = JSON.parse(json);
    refuseRepeatedKeys(json);
    need(isObject(data), "a game must be a JSON object");
    need(!("schema" in data) || data.schema === SCHEMA, `game schema must be ${SCHEMA}`);
    need(!("name" in data) || isLine(data.name), "name must be a line of text");
    knows("game", data, KEYS);
    for (const key of ["prior", "receiver", "senders", "signals"]) need(key in data, `game lacks ${key}`);
    need(Array.isArray(data.prior) && data.prior.length && data.prior.every(Number.isFinite), "prior must be a list of numbers");
    const prior = distribution("prior", data.prior);
    const states = prior.length;
    need(Array.isArray(data.receiver) && Array.isArray(data.receiver[0]) && data.receiver[0].length, "receiver must be a table");
    const actions = data.receiver[0].length;
    table("receiver", data.receiver, states, actions);
    need(Array.isArray(data.senders) && data.senders.length, "senders must be a list of tables");
    data.senders.forEach((own, i) => table(`senders[${i}]`, own, states, actions));
    const senders = data.senders.length;
    const counts = Array.isArray(data.signals) ? data.signals : Array(senders).fill(data.signals);
    need(counts.length === senders && counts.every((count) => Number.isInteger(count) && count > 0),
      "signals must be a whole number of at least 1, or one for every sender");
    refuseLarge(counts, states, actions);
    const nobody = Array(senders).fill(null);
    const listed = data.fixed ?? nobody;
    need(Array.isArray(listed), "fixed must be a list");
    const fixed = listed.length ? listed : nobody;
    need(fixed.length === senders, `fixed must have ${senders} entries`);
    need(fixed.includes(null), "fixed gives every sender a policy: nobody chooses");
    const width = Math.max(...counts);
    const given = fixed.map((policy, i) => policy === null ? null : readPolicy(`fixed[${i}]`, policy, states, counts[i], width));
    const names = data.names ?? {};
    need(isObject(names), "names must be an object");
    knows("names", names, KINDS);
    return {
      text, name: data.name || "Your game", prior, receiver: data.receiver, senders: data.senders, counts, fixed: given,
      states: list("names.states", names.states, states) ?? prior.map((_, k) => `state ${k}`),
      actions: list("names.actions", names.actions, actions) ?? data.receiver[0].map((_, k) => `action ${k}`),
      people: list("names.senders", names.senders, senders) ?? data.senders.map((_, k) => `sender ${k}`),
      words: signalNames(names.signals, counts) ?? counts.map((count) => Array.from({ length: count }, (_, k) => `signal ${k}`)),
    };
  }

  function refuseLarge(counts, states, actions) {
    const joint = counts.reduce((product, count) => product * count, 1);
    const inputs = total(counts) * states;
    need(joint <= MOST_JOINT && inputs <= MOST_INPUTS,
      `too large for a screen: ${joint} joint signals and ${inputs} probabilities; at most ${MOST_JOINT} and ${MOST_INPUTS}`);
    need(joint * states * actions <= MOST_WORK,
      `too large for a page: ${joint} joint signals x ${states} states x ${actions} actions; at most ${MOST_WORK} together`);
  }

  function readPolicy(name, policy, states, count, width) {
    need(Array.isArray(policy) && policy.length === states, `${name} must have ${states} rows, one per state`);
    return policy.map((row, state) => {
      need(Array.isArray(row) && row.length <= width && row.length === policy[0].length && row.every(Number.isFinite),
        `${name}[${state}] must hold at most ${count} probabilities, as many as the other rows`);
      const own = distribution(`${name}[${state}]`, row);
      need(own.slice(count).every((share) => share === 0), `${name}[${state}] must hold at most ${count} probabilities`);
      return Array.from({ length: count }, (_, signal) => own[signal] ?? 0);
    });
  }

  // the largest difference that the action makes in a state that occurs
  function stake(rows, prior) {
    const spread = (row) => row.reduce((a, b) => Math.max(a, b)) - row.reduce((a, b) => Math.min(a, b));
    return Math.max(...rows.map((row, state) => (prior[state] > 0 ? spread(row) : 0))) || 1;
  }

  const normalised = (row) => {
    const sum = total(row);
    return sum > 0 ? row.map((share) => share / sum) : row.map(() => 1 / row.length);
  };

  const PROFILES = {
    "Say nothing": (state, count) => Array.from({ length: count }, (_, k) => Number(k === 0)),
    "Name the state": (state, count) => Array.from({ length: count }, (_, k) => Number(k === Math.min(state, count - 1))),
    "At random": (state, count) => normalised(Array.from({ length: count }, () => -Math.log(1 - Math.random())))
      .map((share) => Math.round(1000 * share) / 1000),
  };

  // ---- a link holds the game and what is in the boxes, as text that an address may hold

  function encode(data) {
    const bytes = new TextEncoder().encode(JSON.stringify(data));
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")).replaceAll("+", "-").replaceAll("/", "_");
  }

  function decode(text) {
    const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(raw, (letter) => letter.charCodeAt(0))));
  }

  // ---- the page

  class OwnGame {
    constructor(root, example) {
      this.root = root;
      this.text = element("textarea", { id: "own-text", rows: 8, spellcheck: "false" });
      this.message = element("p", { id: "own-message", role: "alert" });
      this.board = element("div", { id: "own-board" });
      const show = element("button", { type: "button", id: "own-show" }, "Show this game");
      show.addEventListener("click", () => this.open(this.text.value));
      root.replaceChildren(
        element("label", { for: "own-text" }, "A game in JSON"), this.text,
        element("div", { class: "pg-choices" }, show), this.message, this.board);
      this.text.value = example;
      this.open(example);
      this.restore();
      window.addEventListener("hashchange", () => this.restore());
    }

    restore() {
      if (!location.hash.startsWith("#own=")) return;
      try {
        const { game, policies } = decode(location.hash.slice(5));
        this.text.value = game;
        this.open(game, policies);
      } catch {
        this.message.textContent = "The link is damaged.";
      }
    }

    open(text, policies) {
      try {
        this.game = readGame(text);
        this.message.textContent = "";
      } catch (error) {
        this.message.textContent = error instanceof SyntaxError ? `This is not valid JSON: ${error.message}` : error.message;
        return;
      }
      this.build();
      this.fill((i, state) => policies?.[i]?.[state] ?? PROFILES["Say nothing"](state, this.game.counts[i]));
    }

    build() {
      const { game } = this;
      this.inputs = game.counts.map((count, i) => game.states.map((state, w) => game.words[i].map((word) => {
        const label = `${game.people[i]}: probability of ${word} in ${state}`;
        const input = element("input", { type: "number", min: 0, max: 1, step: "any", "aria-label": label });
        input.disabled = game.fixed[i] !== null;
        input.addEventListener("input", () => this.update());
        return input;
      })));
      const buttons = Object.entries(PROFILES).map(([name, row]) => {
        const button = element("button", { type: "button" }, name);
        button.addEventListener("click", () => this.fill((i, state) => row(state, game.counts[i])));
        return button;
      });
      this.summary = element("p", { id: "own-summary", role: "status", "aria-live": "polite" });
      this.link = element("a", { id: "own-link" }, "Link to what is shown");
      this.rows = element("tbody");
      this.caption = element("caption");
      this.board.replaceChildren(
        element("h3", {}, game.name),
        element("div", { class: "pg-choices", role: "group", "aria-label": "Ready-made policies" }, ...buttons),
        element("div", { class: "pg-policies" }, ...this.inputs.map((rows, i) => this.policyTable(rows, i))),
        element("p", {}, "Every row is divided by its sum."),
        this.summary, element("p", {}, this.link),
        element("div", { class: "pg-scroll" }, element("table", { class: "pg-table" }, this.caption,
          head(["joint signal", "probability", ...game.states.map((state) => `belief in ${state}`), "the receiver takes"]),
          this.rows)));
    }

    policyTable(rows, i) {
      const { game } = this;
      const caption = game.people[i] + (game.fixed[i] ? ", who does not choose" : "");
      return element("div", { class: "pg-scroll" }, element("table", { class: "pg-table" },
        element("caption", {}, caption), head(["state", ...game.words[i]]),
        element("tbody", {}, ...rows.map((inputs, state) => element("tr", {},
          element("th", { scope: "row" }, game.states[state]), ...inputs.map((input) => element("td", {}, input)))))));
    }

    fill(row) {
      this.inputs.forEach((rows, i) => rows.forEach((inputs, state) => {
        const shares = this.game.fixed[i]?.[state] ?? row(i, state);
        inputs.forEach((input, k) => { input.value = shares[k] ?? 0; });
      }));
      this.update();
    }

    update() {
      const { game } = this;
      const typed = this.inputs.map((rows) => rows.map((inputs) => inputs.map((input) => Math.max(0, Number(input.value)))));
      const found = evaluate(game, typed.map((rows) => rows.map(normalised)));
      const heard = found.signals.filter((signal) => signal.mass > 0).sort((a, b) => b.mass - a.mass);
      const worth = (value, table) => amount(value, stake(table, game.prior));
      const utilities = game.people.map((name, i) => `${name} ${worth(found.utilities[i], game.senders[i])}`).join(", ");
      this.summary.textContent = `Utilities: ${utilities}, receiver ${worth(found.receiver, game.receiver)}. ` +
        `Joint signals that occur: ${heard.length}.`;
      this.caption.textContent = heard.length > MOST_ROWS ? `The ${MOST_ROWS} most probable joint signals` : "Joint signals";
      this.rows.replaceChildren(...heard.slice(0, MOST_ROWS).map((signal) => element("tr", {},
        element("th", { scope: "row" }, signal.joint.map((s, i) => game.words[i][s]).join(", ")),
        element("td", {}, number(signal.mass)), ...signal.beliefs.map((belief) => element("td", {}, number(belief))),
        element("td", {}, game.actions[signal.action]))));
      this.link.href = `#own=${encode({ game: game.text, policies: typed })}`;
    }
  }

  const head = (names) => element("thead", {}, element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name))));

  Object.assign(window.persuasionPlayground, { readGame });
  const root = document.getElementById("own-game");
  const example = document.getElementById("own-game-example");
  if (root && example) new OwnGame(root, JSON.stringify(JSON.parse(example.textContent), null, 1).replace(/\n\s*(?=[-\d\]])/g, " "));
});

// Play with a game: the model for games of any size, and a page for two senders, states, actions and signals. The
// games come from the page (element #playground-games, written by the library); everything else is computed here,
// and the tests compare it with the library. own-game.js and
// graph-game.js use the same model.
"use strict";

(() => {
  const TIE_TOLERANCE = 1e-9;
  const GRID = 101;
  const SVG = "http://www.w3.org/2000/svg";

  // ---- the model

  const joints = new Map();

  // all joint signals, one index per sender, the last counting fastest; made once per list of counts
  function jointSignals(counts) {
    const key = counts.join();
    if (!joints.has(key)) {
      joints.set(key, counts.reduce((all, count) => all.flatMap(
        (joint) => Array.from({ length: count }, (_, signal) => [...joint, signal])), [[]]));
    }
    return joints.get(key);
  }

  // weights of the states at a joint signal; policies[i][state][signal] are probabilities
  function weights(prior, policies, joint) {
    return prior.map((mass, state) => joint.reduce(
      (product, signal, i) => product * policies[i][state][signal], mass));
  }

  const ROUNDING = 4 * Number.EPSILON;
  const losses = new WeakMap();

  // what the receiver loses by an action in a state; payoffs that only rounding sets apart are one, as in the library
  function lost(receiver) {
    if (!losses.has(receiver)) losses.set(receiver, receiver.map(snapped));
    return losses.get(receiver);
  }

  function snapped(row) {
    const falling = row.map((_, a) => a).sort((a, b) => row[b] - row[a]);
    const result = [];
    let leader = falling[0];
    falling.forEach((a, k) => {
      const before = row[falling[Math.max(k - 1, 0)]];
      if (before - row[a] > ROUNDING * Math.abs(row[a])) leader = a;
      result[a] = row[leader] - row[falling[0]];
    });
    return result;
  }

  // whether action `rival` is better than `a` by more than the library's tolerance, a share of what is at stake
  function beats(receiver, weight, rival, a) {
    let lead = 0;
    let stake = 0;
    for (let state = 0; state < weight.length; state++) {
      const difference = weight[state] * (receiver[state][rival] - receiver[state][a]);
      lead += difference;
      stake += Math.abs(difference);
    }
    return lead > TIE_TOLERANCE * stake;
  }

  // the first of the actions that no other one beats; most are beaten by the one that pays most
  function action(receiver, weight) {
    const count = receiver[0].length;
    const paid = receiver[0].map((_, a) => weight.reduce((sum, part, state) => sum + part * receiver[state][a], 0));
    const top = paid.reduce((best, value, a) => (value > paid[best] ? a : best), 0);
    for (let a = 0; a < count; a++) {
      if (beats(receiver, weight, top, a)) continue;
      let beaten = false;
      for (let rival = 0; rival < count && !beaten; rival++) beaten = beats(receiver, weight, rival, a);
      if (!beaten) return a;
    }
    return 0;
  }

  // utilities of all, and every joint signal's mass, beliefs and action
  function evaluate(game, policies) {
    const utilities = game.senders.map(() => 0);
    let receiver = 0;
    const signals = jointSignals(policies.map((policy) => policy[0].length)).map((joint) => {
      const weight = weights(game.prior, policies, joint);
      const chosen = action(lost(game.receiver), weight);
      const mass = weight.reduce((sum, part) => sum + part, 0);
      weight.forEach((part, state) => {
        receiver += part * game.receiver[state][chosen];
        game.senders.forEach((table, i) => { utilities[i] += part * table[state][chosen]; });
      });
      return { joint, mass, beliefs: weight.map((part) => (mass > 0 ? part / mass : NaN)), action: chosen };
    });
    return { utilities, receiver, signals };
  }

  // full policies from the probabilities of signal 1 by sender and state
  const twoSignals = (policies) => policies.map((rows) => rows.map((share) => [share, 1 - share]));

  // belief in state 2 at which the receiver is indifferent, or null if one action is always better
  function threshold(receiver) {
    const [first, second] = receiver.map((row) => row[0] - row[1]);
    const belief = first / (first - second);
    return belief > 0 && belief < 1 ? belief : null;
  }

  // ---- the page

  const CONTROLS = [
    { id: "prior", label: "Prior probability of state 2" },
    { id: "p00", label: "Sender 1, state 1: probability of signal 1" },
    { id: "p01", label: "Sender 1, state 2: probability of signal 1" },
    { id: "p10", label: "Sender 2, state 1: probability of signal 1" },
    { id: "p11", label: "Sender 2, state 2: probability of signal 1" },
  ];
  const PRESETS = {
    "As in Figure 1": [0.5, 0.5, 0.5, 0.5],
    "Both tell the truth": [1, 0, 1, 0],
    "Both say nothing": [1, 1, 1, 1],
    "Sender 1 truthful, sender 2 silent": [1, 0, 1, 1],
  };

  const number = (value) => (Object.is(Number(value.toFixed(3)), -0) ? 0 : value).toFixed(3);

  // three decimals of the difference that matters; of a small one as a power of ten
  function amount(value, unit) {
    const decimals = Math.min(Math.max(3 - Math.floor(Math.log10(unit)), 3), 100);
    const text = (Object.is(Number(value.toFixed(decimals)), -0) ? 0 : value).toFixed(decimals);
    return decimals > 9 ? String(Number(text)) : text;
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  window.persuasionPlayground = { evaluate, threshold, twoSignals, element, draw, number, amount };

  function draw(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function chart(className, width, height) {
    return draw("svg", { class: className, viewBox: `0 0 ${width} ${height}`, role: "img" });
  }

  class Playground {
    constructor(root, games) {
      this.root = root;
      this.games = games;
      this.sender = 0;
      this.build();
      this.choose(0);
      this.restore(location.hash);
      window.addEventListener("hashchange", () => this.restore(location.hash));
    }

    build() {
      const games = element("select", { id: "pg-game" },
        ...this.games.map((game, k) => element("option", { value: k }, game.name)));
      games.addEventListener("change", () => this.choose(Number(games.value)));
      const senders = element("select", { id: "pg-sender" },
        ...[0, 1].map((k) => element("option", { value: k }, `sender ${k + 1}`)));
      senders.addEventListener("change", () => { this.sender = Number(senders.value); this.update(); });
      const presets = Object.entries(PRESETS).map(([name, values]) => {
        const button = element("button", { type: "button" }, name);
        button.addEventListener("click", () => this.set({ policies: values }));
        return button;
      });
      this.inputs = CONTROLS.map((control) => this.slider(control));
      this.link = element("a", { id: "pg-link" }, "Link to what is shown");
      this.summary = element("p", { id: "pg-summary", role: "status", "aria-live": "polite" });
      this.line = chart("pg-line", 640, 150);
      this.curve = chart("pg-curve", 320, 250);
      this.map = element("canvas", { class: "pg-map", width: GRID, height: GRID, role: "img" });
      this.cross = draw("svg", { class: "pg-cross", viewBox: "0 0 100 100", "aria-hidden": "true" });
      this.table = element("tbody");
      this.root.replaceChildren(
        element("div", { class: "pg-choices" },
          element("label", { for: "pg-game" }, "Game "), games,
          element("label", { for: "pg-sender" }, "Show the utility of "), senders),
        element("div", { class: "pg-choices", role: "group", "aria-label": "Ready-made policies" }, ...presets),
        element("div", { class: "pg-sliders" }, ...this.inputs.map((input) => input.row)),
        this.summary,
        element("p", {}, this.link),
        this.line,
        element("div", { class: "pg-figures" },
          element("figure", {}, element("div", { class: "pg-frame" }, this.map, this.cross),
            element("figcaption", {}, "Utility over both senders' probability of signal 1 in state 2 (sender 1 across, sender 2 up); dark is low. The cross is where you are.")),
          element("figure", {}, this.curve,
            element("figcaption", {}, "The same along its own axis: what this sender can reach by its policy in state 2. Gaps are jumps."))),
        element("div", { class: "pg-scroll" }, element("table", { class: "pg-table" },
          element("caption", {}, "Joint signals"),
          element("thead", {}, element("tr", {},
            ...["joint signal", "probability", "belief in state 2", "the receiver takes"].map(
              (name) => element("th", { scope: "col" }, name)))),
          this.table)));
    }

    slider({ id, label }) {
      const input = element("input", { type: "range", id: `pg-${id}`, min: 0, max: 1, step: 0.01 });
      const output = element("output", { for: `pg-${id}` });
      input.addEventListener("input", () => this.update());
      return { input, output, row: element("div", { class: "pg-row" },
        element("label", { for: `pg-${id}` }, label), input, output) };
    }

    choose(index) {
      this.game = this.games[index];
      this.set({ prior: this.game.prior[1], policies: this.game.start });
    }

    set({ prior, policies }) {
      if (prior !== undefined) this.inputs[0].input.value = prior;
      policies.forEach((value, k) => { this.inputs[k + 1].input.value = value; });
      this.update();
    }

    evaluate(prior, policies) {
      return evaluate({ ...this.game, prior }, twoSignals(policies));
    }

    update() {
      const [mass, ...values] = this.inputs.map(({ input }) => Number(input.value));
      this.inputs.forEach(({ input, output }) => { output.value = Number(input.value).toFixed(2); });
      const prior = [1 - mass, mass];
      const policies = [values.slice(0, 2), values.slice(2)];
      const found = this.evaluate(prior, policies);
      this.say(found);
      this.drawBeliefs(prior, found);
      this.fillTable(found);
      const moved = (x, y) => [[policies[0][0], x], [policies[1][0], y]];
      this.drawMap(prior, policies, moved);
      this.drawCurve(prior, policies, moved, found);
      this.link.href = `#play=${[this.games.indexOf(this.game), this.sender, mass, ...values].join(",")}`;
    }

    // what a link made above says; anything else leaves the page as it is
    restore(fragment) {
      const [game, sender, prior, ...policies] = fragment.replace(/^#play=/, "").split(",").map(Number);
      const inside = [prior, ...policies].every((value) => value >= 0 && value <= 1);
      if (!fragment.startsWith("#play=") || !this.games[game] || ![0, 1].includes(sender) || policies.length !== 4 || !inside) return;
      this.root.querySelector("#pg-game").value = game;
      this.root.querySelector("#pg-sender").value = sender;
      [this.game, this.sender] = [this.games[game], sender];
      this.set({ prior, policies });
    }

    name(action) {
      return this.game.actions[action];
    }

    say(found) {
      const heard = found.signals.filter((s) => s.mass > 0);
      const taken = [...new Set(heard.map((s) => this.name(s.action)))].join(" or ");
      this.summary.textContent = `Utility of sender 1: ${number(found.utilities[0])}, of sender 2: ` +
        `${number(found.utilities[1])}, of the receiver: ${number(found.receiver)}. The receiver hears one of ` +
        `${heard.length} joint signals and takes ${taken}.`;
    }

    drawBeliefs(prior, found) {
      const x = (belief) => 30 + 580 * belief;
      const cut = threshold(this.game.receiver);
      const ends = cut === null ? [0, 1] : [0, cut, 1];
      const parts = [];
      for (let k = 0; k + 1 < ends.length; k++) {
        const middle = (ends[k] + ends[k + 1]) / 2;
        const taken = action(this.game.receiver, [1 - middle, middle]);
        parts.push(draw("rect", { x: x(ends[k]), y: 34, width: x(ends[k + 1]) - x(ends[k]), height: 66, class: `pg-action${taken}` }));
        parts.push(draw("text", { x: x(middle), y: 52, "text-anchor": "middle", class: "pg-region" }, this.name(taken)));
      }
      parts.push(draw("line", { x1: x(prior[1]), x2: x(prior[1]), y1: 28, y2: 106, class: "pg-prior" }));
      parts.push(draw("text", { x: x(prior[1]), y: 22, "text-anchor": "middle" }, "prior"));
      found.signals.forEach((signal, k) => {
        if (!(signal.mass > 0)) return;
        const y = 66 + 8 * k;
        parts.push(draw("circle", { cx: x(signal.beliefs[1]), cy: y, r: 2 + 12 * Math.sqrt(signal.mass), class: "pg-signal" }));
        parts.push(draw("text", { x: x(signal.beliefs[1]), y: y + 4, "text-anchor": "middle", class: "pg-digits" },
          signal.joint.map((s) => s + 1).join("")));
      });
      for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
        parts.push(draw("text", { x: x(tick), y: 124, "text-anchor": "middle" }, tick));
      }
      parts.push(draw("text", { x: x(0.5), y: 144, "text-anchor": "middle" }, "belief in state 2 after each joint signal; the larger, the more probable"));
      this.line.replaceChildren(...parts);
      this.line.setAttribute("aria-label", found.signals.filter((s) => s.mass > 0).map((s) =>
        `signals ${s.joint.map((d) => d + 1).join(" ")}: belief ${number(s.beliefs[1])}, ${this.name(s.action)}`).join("; "));
    }

    drawMap(prior, policies, moved) {
      const values = new Float64Array(GRID * GRID);
      let low = Infinity;
      let high = -Infinity;
      for (let row = 0; row < GRID; row++) {
        for (let column = 0; column < GRID; column++) {
          const at = moved(column / (GRID - 1), 1 - row / (GRID - 1));
          const value = this.evaluate(prior, at).utilities[this.sender];
          values[row * GRID + column] = value;
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
      const context = this.map.getContext("2d");
      const image = context.createImageData(GRID, GRID);
      values.forEach((value, k) => {
        const share = high > low ? (value - low) / (high - low) : 0.5;
        // from dark blue over green to yellow, lightness rising throughout
        image.data.set([30 + 215 * share ** 1.5, 25 + 205 * share, 95 + 60 * share - 110 * share ** 3, 255], 4 * k);
      });
      context.putImageData(image, 0, 0);
      const [x, y] = [100 * policies[0][1], 100 * (1 - policies[1][1])];
      this.cross.replaceChildren(
        draw("path", { d: `M${x - 5} ${y}h10M${x} ${y - 5}v10`, class: "pg-halo" }),
        draw("path", { d: `M${x - 5} ${y}h10M${x} ${y - 5}v10`, class: "pg-mark" }));
      this.map.setAttribute("aria-label", `Utility of sender ${this.sender + 1} from ${number(low)} to ${number(high)} over ` +
        "both senders' probability of signal 1 in state 2");
      this.range = [low, high];
    }

    drawCurve(prior, policies, moved, found) {
      const steps = 600;
      const own = (value) => (this.sender === 0 ? moved(value, policies[1][1]) : moved(policies[0][1], value));
      const points = Array.from({ length: steps + 1 }, (_, k) => {
        const at = this.evaluate(prior, own(k / steps));
        return { x: k / steps, value: at.utilities[this.sender], actions: at.signals.map((s) => s.action).join("") };
      });
      const [low, high] = this.range[0] < this.range[1] ? this.range : [this.range[0] - 1, this.range[1] + 1];
      const x = (value) => 50 + 255 * value;
      const y = (value) => 205 - 185 * (value - low) / (high - low);
      // along one sender's policy utility is linear while the receiver's actions stay: break the line where they change
      let path = "";
      points.forEach((point, k) => {
        const joined = k > 0 && (point.actions === points[k - 1].actions || Math.abs(point.value - points[k - 1].value) < 0.01 * (high - low));
        path += `${joined ? "L" : "M"}${x(point.x).toFixed(2)} ${y(point.value).toFixed(2)}`;
      });
      const here = policies[this.sender][1];
      const best = points.reduce((a, b) => (b.value > a.value ? b : a));
      this.curve.replaceChildren(
        draw("path", { d: `M${x(0)} ${y(high)}V${y(low)}H${x(1)}`, class: "pg-axis" }),
        ...[low, (low + high) / 2, high].map((v) => draw("text", { x: 44, y: y(v) + 4, "text-anchor": "end" }, v.toFixed(2))),
        ...[0, 0.5, 1].map((v) => draw("text", { x: x(v), y: 222, "text-anchor": "middle" }, v)),
        draw("text", { x: x(0.5), y: 242, "text-anchor": "middle" }, `sender ${this.sender + 1}: signal 1 in state 2`),
        draw("path", { d: path, class: "pg-path" }),
        draw("circle", { cx: x(here), cy: y(found.utilities[this.sender]), r: 5, class: "pg-here" }));
      this.curve.setAttribute("aria-label", `Utility of sender ${this.sender + 1} along its own policy in state 2: now ` +
        `${number(found.utilities[this.sender])}, at most ${number(best.value)} near ${best.x.toFixed(2)}`);
    }

    fillTable(found) {
      this.table.replaceChildren(...found.signals.map((signal) => element("tr", {},
        element("th", { scope: "row" }, signal.joint.map((s) => s + 1).join(", ")),
        element("td", {}, number(signal.mass)),
        element("td", {}, signal.mass > 0 ? number(signal.beliefs[1]) : "–"),
        element("td", {}, signal.mass > 0 ? this.name(signal.action) : "never heard"))));
    }
  }

  const root = document.getElementById("playground");
  const games = document.getElementById("playground-games");
  if (root && games) new Playground(root, JSON.parse(games.textContent));
})();

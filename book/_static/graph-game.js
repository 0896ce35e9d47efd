// Draw a graph, and see the game in which sender 1 gains if and only if more than D vertices are independent: the
// chapter "Is this an equilibrium?" as a toy. Evaluated by the model of playground.js; the tests compare game, profile,
// deviation and bound with the library's theorems/verification.py.
"use strict";

// the scripts of a page come in the order of their names: playground.js must be there first
document.addEventListener("DOMContentLoaded", () => {
  const { evaluate, element, draw } = window.persuasionPlayground;
  const NAMES = "abcdef";
  const [WIDTH, HEIGHT, RADIUS] = [320, 240, 17];
  const RADII = [1, 0.1, 0.01, 0.001];
  const READY = {
    "An edge": [[[100, 120], [220, 120]], ["ab"]],
    "A path": [[[60, 170], [160, 70], [260, 170]], ["ab", "bc"]],
    "A triangle": [[[60, 190], [160, 50], [260, 190]], ["ab", "bc", "ac"]],
    "A cycle of five": [[[160, 35], [255, 100], [220, 200], [100, 200], [65, 100]], ["ab", "bc", "cd", "de", "ae"]],
    "A star": [[[160, 120], [160, 30], [260, 100], [220, 210], [100, 210], [60, 100]], ["ab", "ac", "ad", "ae", "af"]],
  };

  // ---- the game, as the library's verification_game; edges are pairs of numbers

  const count = (size, value) => Array.from({ length: size }, (_, k) => value(k));
  const joined = (edges, u, v) => edges.some((edge) => edge.includes(u) && edge.includes(v) && u !== v);
  const neighbours = (size, edges, v) => count(size, (u) => u).filter((u) => joined(edges, u, v));

  // null if some vertex has no edge
  function graphGame(size, edges, bound) {
    const degrees = count(size, (v) => neighbours(size, edges, v).length);
    if (size < 2 || degrees.includes(0)) return null;
    const most = Math.max(...degrees);
    const [q, h, w] = [1 / (size + bound), 1 / (2 * most), 1 / (4 * (size + 1))];
    const total = 4 + 4 * most;
    const perState = (first, second, plus, minus) => [first, second, ...count(size, () => plus), ...count(size, () => minus)];
    const against = (...worth) => perState(...worth).map((value) => [0, value]);
    // what sender 2 says: t_0, then t of every vertex, then s of every vertex
    const says = (nothing, switches, stays) => [nothing, ...count(size, switches), ...count(size, stays)];
    const lead = says(bound * q, () => q, () => 0);
    const plus = count(size, (v) => says(0, (u) => (u === v ? w : 0), (u) => (u === v ? 1 - w : 0)));
    const minus = count(size, (v) => says(0, (u) => (joined(edges, u, v) ? h : 0), (u) => (u === v ? 1 - h * degrees[v] : 0)));
    const silent = count(2 * size + 2, () => says(1, () => 0, () => 0));
    return {
      size, edges, bound, most, q, h, w, total,
      prior: perState(1, 2, 1 / size, (4 * most) / size).map((odds) => odds / total),
      receiver: against(-1, 1, 1, -1), senders: [against(1, -1, -w, 0), against(0, 0, -1, -1)],
      policies: [silent, [lead, lead, ...plus, ...minus]],
    };
  }

  // of the sets without an edge, the first of the largest ones
  function largestIndependent(size, edges) {
    const sets = count(2 ** size, (mask) => count(size, (v) => v).filter((v) => mask >> v & 1));
    const free = sets.filter((set) => !set.some((u) => set.some((v) => joined(edges, u, v))));
    return free.reduce((best, set) => (set.length > best.length ? set : best), []);
  }

  // the share of the column that leaves sender 1's first signal, so that no probability moves by more than the radius
  const shift = (game, radius) => game.w * Math.min(1 / 4, radius / 2);

  // how often sender 1 sends its second signal in every state, for a set of vertices
  function secondSignal(game, set, radius) {
    const pull = (2 * game.q) / game.w;
    const column = [1, 0, ...count(game.size, (v) => (set.includes(v) ? pull : 0)),
      ...count(game.size, (v) => (set.includes(v) ? 2 * pull : 0))];
    return column.map((part, state) => (shift(game, radius) * part * game.prior[0]) / game.prior[state]);
  }

  function deviation(game, set, radius) {
    const moved = secondSignal(game, set, radius);
    const first = game.policies[0].map((row, state) => [1 - moved[state], moved[state], ...row.slice(2)]);
    return [first, game.policies[1]];
  }

  const gain = (game, independent, radius) =>
    (shift(game, radius) * game.q * (independent * (1 - 2 * game.w) - game.bound)) / game.total;

  // no deviation gains more: a lead costs D portions, and at most as many as are independent come back
  const mostGain = (game, independent) => (game.q * Math.max(0, independent - game.bound)) / game.total;

  Object.assign(window.persuasionPlayground, { graphGame, largestIndependent, deviation, gain, mostGain });

  // ---- the page

  // as a fraction where that is short, else with a few digits
  function text(value) {
    const below = count(200, (k) => k + 1).find((k) => Math.abs(value * k - Math.round(value * k)) < 1e-9);
    const short = below === 1 ? String(Math.round(value)) : `${Math.round(value * below)}/${below}`;
    return (below && (value === 0 || Math.abs(value) > 1e-3) ? short : value.toExponential(2)).replaceAll("-", "−");
  }
  const list = (set) => set.map((v) => NAMES[v]).join(", ");
  const cell = (letter, name) => [element("i", {}, letter), element("sub", {}, name)];
  const row = (head, ...parts) => element("tr", {}, element("th", { scope: "row" }, ...[head].flat()),
    ...parts.map((part) => element("td", {}, ...[part].flat())));
  const table = (caption, heads, rows) => element("div", { class: "pg-scroll" }, element("table", { class: "pg-table" },
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows)));

  class GraphGame {
    constructor(root) {
      this.board = draw("svg", { class: "gr-board", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": "The graph" });
      this.board.addEventListener("click", (event) => this.click(event));
      this.board.addEventListener("keydown", (event) => this.press(event));
      this.hint = element("p", { id: "gr-hint", role: "status", "aria-live": "polite" });
      this.bound = this.select("gr-bound", () => this.show());
      this.radius = this.select("gr-radius", () => this.show());
      this.radius.replaceChildren(...RADII.map((radius) => element("option", { value: radius }, radius)));
      this.radius.value = 0.01;
      this.summary = element("p", { id: "gr-summary", role: "status", "aria-live": "polite" });
      this.link = element("a", { id: "gr-link" }, "Link to what is shown");
      this.result = element("div", { id: "gr-result" });
      const ready = Object.entries(READY).map(([name, graph]) => this.button(name, () => this.open(...graph, 1)));
      root.replaceChildren(
        element("div", { class: "pg-choices", role: "group", "aria-label": "Ready-made graphs" }, ...ready),
        this.board, this.hint,
        element("div", { class: "pg-choices" },
          this.button("Add a vertex", () => this.add()), this.button("Remove a vertex", () => this.remove()),
          element("label", { for: "gr-bound" }, "D = "), this.bound,
          element("label", { for: "gr-radius" }, "No probability moves by more than "), this.radius),
        this.summary, element("p", {}, this.link), this.result);
      this.open(...READY["A path"], 1);
      this.restore();
      window.addEventListener("hashchange", () => this.restore());
    }

    button(name, act) {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", act);
      return button;
    }

    select(id, act) {
      const select = element("select", { id });
      select.addEventListener("change", act);
      return select;
    }

    open(places, edges, bound) {
      this.places = places.map((place) => [...place]);
      this.edges = edges.map((edge) => [...edge].map((name) => NAMES.indexOf(name)));
      this.chosen = null;
      this.update(bound);
    }

    // what a link made below says; anything else leaves the page as it is
    restore() {
      const [places, edges, bound, radius] = location.hash.replace(/^#graph=/, "").split("/");
      const inside = /^\d{1,3}\.\d{1,3}(,\d{1,3}\.\d{1,3}){0,5}$/.test(places);
      if (!location.hash.startsWith("#graph=") || !inside || !RADII.includes(Number(radius))) return;
      const points = places.split(",").map((place) => place.split(".").map(Number));
      const pairs = edges ? edges.split(",") : [];
      const known = NAMES.slice(0, points.length);
      if (!points.every(([x, y]) => x <= WIDTH && y <= HEIGHT) || !(bound >= 1 && bound <= points.length)) return;
      if (!pairs.every(([u, v, ...rest]) => known.includes(u) && known.includes(v) && u < v && !rest.length)) return;
      this.radius.value = radius;
      this.open(points, [...new Set(pairs)], Number(bound));
    }

    click(event) {
      const vertex = event.target.closest("[data-vertex]");
      if (vertex) return this.choose(Number(vertex.dataset.vertex));
      const box = this.board.getBoundingClientRect();
      const scale = WIDTH / box.width;
      this.add([(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]);
    }

    press(event) {
      const vertex = event.target.closest("[data-vertex]");
      if (!vertex || !["Enter", " ", "Delete"].includes(event.key)) return;
      event.preventDefault();
      if (event.key === "Delete") this.remove(Number(vertex.dataset.vertex));
      else this.choose(Number(vertex.dataset.vertex));
    }

    // the first click takes a vertex, the second joins or parts the two
    choose(vertex) {
      const first = this.chosen;
      this.chosen = first === null ? vertex : null;
      if (first !== null && first !== vertex) {
        const pair = [Math.min(first, vertex), Math.max(first, vertex)];
        const others = this.edges.filter((edge) => edge.join() !== pair.join());
        this.edges = others.length < this.edges.length ? others : [...others, pair];
      }
      this.update();
      this.board.querySelector(`[data-vertex="${vertex}"]`).focus();
    }

    // where it is clicked, else the place on a circle that is farthest from all others
    add(place) {
      if (this.places.length === NAMES.length) return this.say(`At most ${NAMES.length} vertices.`);
      const turns = count(12, (k) => [WIDTH / 2 + 100 * Math.sin((k * Math.PI) / 6), HEIGHT / 2 - 90 * Math.cos((k * Math.PI) / 6)]);
      const room = ([x, y]) => Math.min(...this.places.map(([a, b]) => Math.hypot(a - x, b - y)));
      const [x, y] = place ?? turns.reduce((best, turn) => (room(turn) > room(best) + 1 ? turn : best));
      const within = (value, end) => Math.round(Math.min(Math.max(value, RADIUS + 2), end - RADIUS - 2));
      this.places.push([within(x, WIDTH), within(y, HEIGHT)]);
      this.update();
    }

    remove(vertex = this.chosen ?? this.places.length - 1) {
      if (this.places.length === 1) return this.say("One vertex stays.");
      this.places.splice(vertex, 1);
      this.edges = this.edges.filter((edge) => !edge.includes(vertex)).map((edge) => edge.map((v) => (v > vertex ? v - 1 : v)));
      this.chosen = null;
      this.update();
    }

    say(words) {
      this.hint.textContent = words;
    }

    // after a change of the graph: D keeps its value where it can
    update(bound = Number(this.bound.value)) {
      const size = this.places.length;
      this.bound.replaceChildren(...count(size, (k) => element("option", { value: k + 1 }, k + 1)));
      this.bound.value = Math.min(bound, size);
      this.set = largestIndependent(size, this.edges);
      this.drawGraph();
      this.say(this.chosen === null
        ? "Click on free space for a vertex; click on two vertices to join or part them. With the keyboard: tab to a vertex, Enter takes it, Delete removes it."
        : `${NAMES[this.chosen]} is taken: choose another vertex to join or part the two, or ${NAMES[this.chosen]} again to let go.`);
      this.show();
    }

    drawGraph() {
      const ends = this.edges.map(([u, v]) => [this.places[u], this.places[v]]);
      const lines = ends.map(([[x1, y1], [x2, y2]]) => draw("line", { x1, y1, x2, y2, class: "gr-edge" }));
      const vertices = this.places.map(([x, y], v) => {
        const others = neighbours(this.places.length, this.edges, v);
        const words = `vertex ${NAMES[v]}, ${others.length ? `joined to ${list(others)}` : "joined to none"}${this.set.includes(v) ? ", in the independent set" : ""}`;
        const group = draw("g", { "data-vertex": v, tabindex: 0, role: "button", "aria-pressed": this.chosen === v, "aria-label": words,
          class: `gr-vertex${this.set.includes(v) ? " gr-set" : ""}${this.chosen === v ? " gr-chosen" : ""}` });
        group.append(draw("circle", { cx: x, cy: y, r: RADIUS }), draw("text", { x, y: y + 5, "text-anchor": "middle" }, NAMES[v]));
        return group;
      });
      this.board.replaceChildren(draw("rect", { width: WIDTH, height: HEIGHT, class: "gr-ground" }), ...lines, ...vertices);
    }

    show() {
      const size = this.places.length;
      const [bound, radius] = [Number(this.bound.value), Number(this.radius.value)];
      const edges = this.edges.map(([u, v]) => NAMES[u] + NAMES[v]).join();
      this.link.href = `#graph=${this.places.map((place) => place.join(".")).join()}/${edges}/${bound}/${radius}`;
      const game = graphGame(size, this.edges, bound);
      if (!game) {
        const alone = count(size, (v) => v).filter((v) => !neighbours(size, this.edges, v).length);
        this.summary.textContent = `No game yet: every vertex needs an edge, and ${list(alone)} ${alone.length > 1 ? "have" : "has"} none.`;
        this.result.replaceChildren();
        return;
      }
      const profile = deviation(game, this.set, radius);
      const [before, after] = [evaluate(game, game.policies), evaluate(game, profile)];
      const deviates = this.set.length > bound;
      this.summary.textContent = this.verdict(game, deviates, after.utilities[0] - before.utilities[0]);
      this.result.replaceChildren(
        element("p", {}, `q = ${text(game.q)}, h = ${text(game.h)}, w = K = ${text(game.w)}; prior in units of 1/${game.total}. ` +
          "Action 0 is worth nothing to anybody. In the profile, sender 1 always sends its first signal."),
        this.states(game, deviates && profile[0]), this.cells(game, deviates, before, after));
    }

    verdict(game, deviates, gained) {
      const found = `Largest independent set: ${list(this.set)}, ${this.set.length} of ${game.size} vertices; D = ${game.bound}. `;
      const most = mostGain(game, this.set.length);
      if (!deviates) return `${found}Not more than D: an equilibrium, and nobody gains anything by any deviation.`;
      return `${found}More than D: not an equilibrium, at any radius. By the deviation below sender 1 gains ${text(gained)}; ` +
        `no deviation at all gains more than ${text(most)}.`;
    }

    states(game, deviating) {
      const names = [cell("θ", "1"), cell("θ", "0"), ...["+", "−"].flatMap((sign) => count(game.size, (v) => [element("i", {}, NAMES[v]), element("sup", {}, sign)]))];
      const said = (shares) => this.signals(game)
        .map((signal, k) => [...signal, ` ${text(shares[k])}`]).filter((_, k) => shares[k] > 0)
        .flatMap((part, k) => (k ? [", ", ...part] : part));
      return table("What action 1 is worth to each, and who says what",
        ["state", "prior", "receiver", "sender 1", "sender 2", "sender 2 says", ...(deviating ? ["sender 1: second signal"] : [])],
        names.map((name, state) => row(name, text(game.prior[state] * game.total),
          ...[game.receiver, ...game.senders].map((worth) => text(worth[state][1])), said(game.policies[1][state]),
          ...(deviating ? [text(deviating[state][1])] : []))));
    }

    signals(game) {
      return [cell("t", "0"), ...["t", "s"].flatMap((letter) => count(game.size, (v) => cell(letter, NAMES[v])))];
    }

    // what the receiver does after each of sender 2's signals, and what that is worth to sender 1
    cells(game, deviates, before, after) {
      const signals = this.signals(game);
      const heard = (found, first, k) => found.signals[first * signals.length + k];
      const worth = (signal) => signal.beliefs.reduce((sum, belief, state) => sum + belief * signal.mass * game.senders[0][state][signal.action], 0);
      const parts = (signal) => (signal.mass > 0 ? [signal.action, text(worth(signal))] : ["never heard", "–"]);
      return table("What the receiver does, and what it brings sender 1",
        ["sender 2 says", "action", "brings", ...(deviates ? ["after the second signal", "brings"] : [])],
        signals.map((name, k) => row(name, ...parts(heard(before, 0, k)), ...(deviates ? parts(heard(after, 1, k)) : []))));
    }
  }

  const root = document.getElementById("graph-game");
  if (root) new GraphGame(root);
});

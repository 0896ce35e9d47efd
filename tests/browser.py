"""The built book in a browser, as a reader meets it: run by `make test-browser` after `make test-book`."""

import functools
import http.server
import json
import re
import subprocess
import sys
import threading
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import jupytext
import networkx
import numpy as np
import pytest
import yaml

from persuasion import (
    Game,
    receiver_actions,
    receiver_utility,
    sender_utilities,
    uniform_policies,
)
from persuasion.model.exact import exact_utilities
from persuasion.model.posteriors import likely_joint_signals
from persuasion.theorems.verification import (
    deviation,
    deviation_gain,
    most_gain,
    verification_game,
)
from study.run.pdf import NoBrowserError, find_browser

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "smoke" / "book" / "_build" / "html"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",  # surfaces without a GPU
    "--enable-unsafe-swiftshader",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
PATIENCE = 120_000  # milliseconds; surfaces are drawn by software where there is no GPU
AA = 4.5
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


def pages() -> list[str]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    return [contents["root"], *chapters]


@pytest.fixture(scope="session")
def browser():
    try:
        executable = find_browser()
    except NoBrowserError as reason:
        pytest.skip(str(reason))
    if not (HTML / "index.html").exists():
        pytest.fail("the book is not built: run `make test-book` first")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield started
        started.close()


class Visit:
    """A page that remembers what went wrong on it."""

    def __init__(self, browser, address: str, size=DESK) -> None:
        self.page = browser.new_page(viewport=size)
        self.page.set_default_timeout(PATIENCE)
        self.outside: list[str] = []
        self.failed: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", self._request)
        self.page.on("requestfailed", lambda request: self.failed.append(request.url))
        self.page.on("response", self._response)
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address, wait_until="load")

    def _request(self, request) -> None:
        if not re.match(r"(file|data|blob):|http://127\.0\.0\.1[:/]", request.url):
            self.outside.append(request.url)

    def _response(self, response) -> None:
        if response.status >= 400:
            self.failed.append(f"{response.url}: {response.status}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.page.close()


def on_disk(page: str) -> str:
    return (HTML / f"{page}.html").as_uri()


@pytest.fixture(scope="session")
def server():
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


# every page is opened once on either screen, for all questions about it: those that change it come later


@pytest.fixture(scope="module", params=pages())
def on_desk(browser, request):
    with Visit(browser, on_disk(request.param)) as visit:
        yield visit


@pytest.fixture(scope="module", params=pages())
def on_phone(browser, request):
    with Visit(browser, on_disk(request.param), PHONE) as visit:
        visit.page.wait_for_timeout(300)
        yield visit


def test_a_page_opens_without_error_and_asks_nobody(on_desk, request):
    page = on_desk.page
    source = (ROOT / f"{request.node.callspec.params['on_desk']}.md").read_text(encoding="utf-8")
    if re.search(r"\$[^$\n]+\$", source):
        page.wait_for_selector("article mjx-container")
    page.wait_for_timeout(300)
    assert page.locator("mjx-merror").count() == 0
    assert on_desk.outside == []
    assert on_desk.failed == []
    assert on_desk.errors == []
    nameless = page.locator("article img:not([alt]), article img[alt='']")
    assert nameless.count() == 0, "a picture has no text alternative"
    files = page.evaluate(
        """() => [...document.querySelectorAll("article img")].map((picture) => picture.alt)
          .filter((words) => /\\.(png|svg|jpe?g)$|^_images/.test(words))"""
    )
    assert files == [], "a picture's text alternative is the name of a file"


def test_figures_are_not_wider_than_their_page(on_desk):
    wide = on_desk.page.evaluate(
        """() => {
          const edge = document.querySelector("article").getBoundingClientRect().right + 1;
          return [...document.querySelectorAll("article :is(.js-plotly-plot, img)")]
            .filter((figure) => figure.getBoundingClientRect().right > edge).length;
        }"""
    )
    assert wide == 0


CUT = """
() => {
  document.querySelectorAll("article details").forEach((box) => { box.open = true; });
  return [...document.querySelectorAll("article pre")]
    .filter((pre) => pre.scrollWidth > pre.clientWidth + 1)
    .map((pre) => pre.textContent.slice(0, 80));
}
"""


def test_no_line_of_code_is_cut_on_a_desk(on_desk):
    assert on_desk.page.evaluate(CUT) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_background(on_desk, theme):
    on_desk.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    on_desk.page.wait_for_timeout(400)  # colours fade over
    assert on_desk.page.evaluate(CONTRAST, AA) == [], f"contrast below {AA}"


def test_a_page_fits_a_phone(on_phone):
    width = on_phone.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], f"the page is {width} px wide"


def test_formulas_fit_a_phone(on_phone):
    on_phone.page.evaluate("async () => { await window.MathJax?.startup?.promise; }")
    wide = on_phone.page.evaluate(
        """() => [...document.querySelectorAll('article mjx-container[display="true"]')]
          .filter((formula) => formula.scrollWidth > formula.clientWidth + 1)
          .map((formula) => formula.textContent.slice(0, 60))"""
    )
    assert wide == []


ORPHANS = """
async () => {
  await window.MathJax?.startup?.promise;
  const texts = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  const next = (formula) => {
    texts.currentNode = formula;
    while (texts.nextNode() && formula.contains(texts.currentNode));
    return texts.currentNode;
  };
  return [...document.querySelectorAll("article span.math mjx-container")].filter((formula) => {
    const text = next(formula);
    if (!/^[.,;:!?)]/.test(text.data)) return false;
    const first = document.createRange();
    first.setStart(text, 0);
    first.setEnd(text, 1);
    const { height, top } = first.getBoundingClientRect();
    return height && top > formula.getBoundingClientRect().bottom;
  }).map((formula) => next(formula).parentElement.textContent.slice(-80));
}
"""


def test_no_line_begins_with_the_full_stop_after_a_formula_on_a_desk(on_desk):
    assert on_desk.page.evaluate(ORPHANS) == []


def test_no_line_begins_with_the_full_stop_after_a_formula_on_a_phone(on_phone):
    assert on_phone.page.evaluate(ORPHANS) == []


def test_no_line_of_code_is_cut_on_a_phone(on_phone):
    assert on_phone.page.evaluate(CUT) == []


def test_code_is_copied_as_it_was_written(browser):
    with Visit(browser, on_disk("book/model/game")) as visit:
        visit.page.evaluate(CUT)  # opens what is folded
        copied = visit.page.locator("article .cell_input pre").all_inner_texts()
        source = jupytext.read(ROOT / "book/model/game.md")
        first = next(cell.source for cell in source.cells if cell.cell_type == "code")
        lines = [line for text in copied[:2] for line in text.split("\n") if line.strip()]
        assert lines == [line for line in first.split("\n") if line.strip()]


PANELS = """
() => {
  const plot = document.querySelector(".js-plotly-plot");
  const axis = (name) => plot._fullLayout[name.replace(/^(.)/, "$1axis")].domain;
  const panels = plot._fullLayout._subplots.cartesian.map((name) => name.match(/[xy]\\d*/g).map(axis));
  const room = plot.closest(".cell_output").getBoundingClientRect().bottom;
  return { panels, spare: room - plot.querySelector("svg").getBoundingClientRect().bottom };
}
"""


def test_small_multiples_stand_in_one_column_on_a_phone(browser):
    with Visit(browser, on_disk("book/experiments/synthetic"), PHONE) as visit:
        visit.page.wait_for_timeout(1000)
        found = visit.page.evaluate(PANELS)
        rows = sorted(y for _, y in found["panels"])
        assert len(rows) > 2
        assert all(x == [0, 1] for x, _ in found["panels"])
        assert all(low[1] < high[0] for low, high in pairwise(rows)), "two panels overlap"
        assert found["spare"] >= 0, "the figure is longer than its place"


def test_the_first_screen_has_question_answers_and_picture(browser):
    with Visit(browser, on_disk("book/intro")) as visit:
        question, answers, picture = visit.page.evaluate(
            """() => ["section > p strong", "section > ul li:last-child", "div.cell_output :is(.still, .turning)"]
              .map((place) => document.querySelector("article " + place).getBoundingClientRect())
              .map((box) => [box.top, box.bottom])"""
        )
        assert question[1] < answers[0] < answers[1] < picture[0]
        assert picture[0] + 290 <= 900, "the exact surface is cut"


@pytest.mark.parametrize("page", ["book/intro", "book/learning/networks"])
def test_surfaces_are_drawn_and_turn(browser, page):
    with Visit(browser, on_disk(page)) as visit:
        visit.page.wait_for_selector(".js-plotly-plot .gl-container canvas")
        assert (
            visit.page.locator(".still").count()
            == visit.page.locator(".still:not(:has(~ .turning))").count()
        ), "the still picture stays only where there is no surface to turn"
        camera = "document.querySelector('.js-plotly-plot')._fullLayout.scene.camera.eye.x"
        before = visit.page.evaluate(camera)
        surface = visit.page.locator(".js-plotly-plot #scene").first
        surface.scroll_into_view_if_needed()
        box = surface.bounding_box()
        visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        visit.page.mouse.down()
        visit.page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3, steps=6)
        visit.page.mouse.up()
        visit.page.wait_for_timeout(500)
        assert visit.page.evaluate(camera) != before


def test_a_point_of_a_figure_leads_to_its_records(browser):
    with Visit(browser, on_disk("book/experiments/synthetic")) as visit:
        plot = visit.page.locator(".js-plotly-plot").first
        plot.scroll_into_view_if_needed()
        box = plot.locator(".scatterlayer .point").first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        visit.page.mouse.move(x - 3, y, steps=3)
        visit.page.mouse.move(x, y, steps=3)
        hover = plot.locator(".hoverlayer .hovertext").text_content()
        visit.page.mouse.click(x, y)
        panel = visit.page.locator(".point-records").first
        title = panel.locator("p").inner_text()
        rows = panel.locator("tbody tr")
        games = int(re.search(r"(\d+) games", title)[1])
        assert rows.count() == games > 0
        assert title.split(":")[0] in hover
        links = [a.get_attribute("href") for a in panel.locator("tbody a").all()]
        assert len(set(links)) == games
        method = title.split(",")[0].lower()
        for link in links:
            path = (HTML / "book" / "experiments" / link).resolve()
            assert json.loads(path.read_text(encoding="utf-8"))["config"]["method"] == method
        assert visit.errors == []


def test_a_search_finds_a_theorem_without_a_network(browser, server):
    for base in (server, HTML.as_uri()):
        with Visit(browser, f"{base}/search.html?q=full+revelation+equilibrium") as visit:
            visit.page.wait_for_selector("#search-results li a")
            links = visit.page.eval_on_selector_all(
                "#search-results li a", "all => all.map((a) => a.getAttribute('href'))"
            )
            assert any("theory/full-revelation" in link for link in links)
            assert visit.outside == []


def test_a_local_server_shows_the_book(browser, server):
    with Visit(browser, f"{server}/index.html") as visit:
        visit.page.wait_for_selector("article h1")
        assert visit.outside == visit.failed == visit.errors == []


PLAYGROUND = "book/tools/playground"


@pytest.fixture(scope="module")
def playground(browser):
    with Visit(browser, on_disk(PLAYGROUND)) as visit:
        yield visit


def test_the_playground_computes_what_the_library_computes(browser):
    generator = np.random.default_rng(0)
    with Visit(browser, on_disk(PLAYGROUND)) as visit:
        described = visit.page.evaluate(
            "JSON.parse(document.getElementById('playground-games').textContent)"
        )
        assert len(described) == 3
        for data in described:
            for trial in range(100):
                first = generator.random((2, 2))
                if trial % 2:  # on a coarse grid the receiver is often indifferent
                    first = first.round(1)
                prior = [1 - trial / 99, trial / 99]
                game = Game(prior, data["receiver"], data["senders"], 2)
                policies = np.stack([first, 1 - first], -1)
                found = visit.page.evaluate(
                    "([g, prior, p]) => persuasionPlayground.evaluate("
                    "{...g, prior}, persuasionPlayground.twoSignals(p))",
                    [data, prior, first.tolist()],
                )
                expected = sender_utilities(game, policies)
                np.testing.assert_allclose(found["utilities"], expected, atol=1e-12)
                actions = receiver_actions(game, policies)
                for signal in found["signals"]:
                    if signal["mass"] > 0:
                        assert signal["action"] == actions[tuple(signal["joint"])]


def own_game(generator):
    """A game of any small size and a profile of it, some senders with a given policy."""
    senders, states, actions = generator.integers([1, 2, 2], [5, 5, 5])
    counts = generator.integers(1, 4, senders).tolist()
    tables = generator.integers(-2, 3, (senders + 1, states, actions))
    prior = generator.multinomial(8, np.full(states, 1 / states)) / 8
    given = [np.eye(1, count)[[0] * states] for count in counts]
    fixed = [None, *(policy if generator.random() < 0.3 else None for policy in given[1:])]
    names = {"senders": [f"<b>{k}" for k in range(senders)]}
    game = Game(prior, tables[0], tables[1:], counts, names=names, fixed=fixed)
    return game, uniform_policies(game, seed=generator)


def test_the_playground_computes_the_readers_own_game_as_the_library_does(browser):
    generator = np.random.default_rng(1)
    with Visit(browser, on_disk(PLAYGROUND)) as visit:
        for _ in range(60):
            game, policies = own_game(generator)
            shares = [own[:, :count].tolist() for own, count in zip(policies, game.counts)]
            found = visit.page.evaluate(
                "([text, p]) => persuasionPlayground.evaluate(persuasionPlayground.readGame(text), p)",
                [game.to_json(), shares],
            )
            np.testing.assert_allclose(
                found["utilities"], sender_utilities(game, policies), atol=1e-12
            )
            assert found["receiver"] == pytest.approx(receiver_utility(game, policies), abs=1e-12)
            expected = likely_joint_signals(game, policies)
            heard = {tuple(s["joint"]): s for s in found["signals"] if s["mass"] > 0}
            assert len(heard) == len(expected.signals)
            for row, joint in enumerate(expected.signals.tolist()):
                signal = heard[tuple(joint)]
                assert signal["mass"] == pytest.approx(expected.probabilities[row])
                np.testing.assert_allclose(signal["beliefs"], expected.posteriors[row], atol=1e-12)
                assert signal["action"] == expected.actions[row]


@pytest.mark.parametrize(
    "change",
    [
        {"prior": [0.5, 0.6]}, {"prior": [0.5]}, {"receiver": [[1, 0], [1]]}, {"senders": []},
        {"signals": 0}, {"signals": [2, 2, 2]}, {"more": 1}, {"names": {"states": ["a", "a"]}},
        {"names": {"states": ["a"]}}, {"names": {"actions": ["", "b"]}}, {"fixed": [None]},
        {"fixed": [[[1, 0]], None]}, {"fixed": [[[1, 0], [0.5, 0.4]], None]},
        {"fixed": [[[1, 0], [1, 0]], [[1, 0], [1, 0]]]},
    ],
)  # fmt: skip
def test_the_playground_refuses_what_the_library_refuses(playground, change):
    tables = {"receiver": [[1, 0], [0, 1]], "senders": [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]}
    data = {"prior": [0.5, 0.5], **tables, "signals": 2, **change}
    with pytest.raises(ValueError, match=r"\w"):
        Game.from_dict(data)
    before = playground.page.locator("#own-board").inner_text()
    playground.page.fill("#own-text", json.dumps(data))
    playground.page.click("#own-show")
    assert playground.page.locator("#own-message").inner_text()
    assert playground.page.locator("#own-board").inner_text() == before


def test_a_link_restores_what_the_playground_shows(browser):
    names = {"states": ["schuldlos", "führte <b>"], "signals": ["ja", "nein"]}
    report = [[0.8, 0.2], [0.3, 0.7]]
    tables = [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], tables, 2, "mine", names, [None, report])
    with Visit(browser, on_disk(PLAYGROUND)) as visit:
        page = visit.page
        page.fill("#own-text", game.to_json())
        page.click("#own-show")
        assert page.locator("#own-board input:disabled").count() == 4
        page.locator("#own-board input:enabled").nth(2).fill("3")
        page.locator("#own-board input:enabled").nth(3).fill("1")
        shown = page.locator("#own-board").inner_text()
        utilities = sender_utilities(game, [[[1, 0], [0.75, 0.25]], report])
        assert f"sender 0 {utilities[0]:.3f}, sender 1 {utilities[1]:.3f}" in shown
        page.select_option("#pg-game", "1")
        page.focus("#pg-p11")
        page.keyboard.press("ArrowLeft")
        links = [page.locator(i).evaluate("a => a.href") for i in ("#own-link", "#pg-link")]
        summary = page.locator("#pg-summary").inner_text()
    with Visit(browser, links[0]) as visit:
        assert visit.page.locator("#own-board").inner_text() == shown
        assert visit.page.locator("#own-board input").nth(2).input_value() == "3"
    with Visit(browser, links[1]) as visit:
        assert visit.page.locator("#pg-summary").inner_text() == summary
    with Visit(browser, on_disk(PLAYGROUND) + "#own=damaged") as visit:
        assert "damaged" in visit.page.locator("#own-message").inner_text()
        assert visit.errors == []


IN_THE_BROWSER = """([size, edges, bound, radius]) => {
  const { graphGame, largestIndependent, deviation, gain, mostGain, evaluate } = persuasionPlayground;
  const game = graphGame(size, edges, bound);
  const set = largestIndependent(size, edges);
  const moved = deviation(game, set, radius);
  const [before, after] = [game.policies, moved].map((profile) => evaluate(game, profile).utilities);
  const [gained, most] = [gain(game, set.length, radius), mostGain(game, set.length)];
  return { ...game, set, moved, before, after, gain: gained, most };
}"""


def test_the_playground_makes_the_librarys_game_of_a_graph(browser):
    generator, checked = np.random.default_rng(2), 0
    with Visit(browser, on_disk(PLAYGROUND)) as visit:
        assert visit.page.evaluate("persuasionPlayground.graphGame(3, [[0, 1]], 1)") is None
        for seed in range(60):
            graph = networkx.gnp_random_graph(2 + seed % 5, 0.3 + 0.1 * (seed % 6), seed)
            if networkx.number_of_isolates(graph):
                continue
            size, bound = len(graph), int(generator.integers(1, len(graph) + 1))
            radius = float(generator.choice([1, 0.1, 0.01, 0.001]))
            asked = [size, list(graph.edges), bound, radius]
            found = visit.page.evaluate(IN_THE_BROWSER, asked)
            instance = verification_game(graph, bound)
            for name in ("prior", "receiver", "senders"):
                table = getattr(instance.game, name).astype(float)
                np.testing.assert_allclose(found[name], table, rtol=0, atol=1e-15)
            np.testing.assert_allclose(
                found["policies"], instance.policies.astype(float), rtol=0, atol=1e-15
            )
            largest = networkx.max_weight_clique(networkx.complement(graph), weight=None)[1]
            assert len(found["set"]) == largest
            assert not graph.subgraph(found["set"]).edges
            moved = deviation(instance, found["set"], Fraction(radius))
            np.testing.assert_allclose(found["moved"], moved.astype(float), rtol=0, atol=1e-15)
            gain = deviation_gain(instance, largest, Fraction(radius))
            assert found["gain"] == pytest.approx(float(gain), rel=1e-12)
            assert found["most"] == pytest.approx(float(most_gain(instance, largest)), rel=1e-12)
            if largest > bound:  # else the receiver's actions are not those of the formula
                assert found["after"][0] - found["before"][0] == pytest.approx(gain, abs=1e-15)
            exact = exact_utilities(instance.game, instance.policies).astype(float)
            np.testing.assert_allclose(found["before"], exact, atol=1e-15)
            checked += 1
        assert checked > 20


def test_a_graph_is_drawn_with_keys_or_pointer_and_a_link_keeps_it(browser):
    with Visit(browser, on_disk(PLAYGROUND), PHONE) as visit:
        page, summary = visit.page, visit.page.locator("#gr-summary")
        assert (
            "a, c, 2 of 3 vertices; D = 1. More than D: not an equilibrium" in summary.inner_text()
        )
        for vertex, key in ((0, "Enter"), (2, " ")):  # joins the path's ends
            page.focus(f"[data-vertex='{vertex}']")
            page.keyboard.press(key)
        assert "1 of 3 vertices; D = 1. Not more than D: an equilibrium" in summary.inner_text()
        page.get_by_role("button", name="Add a vertex").click()
        assert "every vertex needs an edge, and d has none" in summary.inner_text()
        assert page.locator("#gr-result table").count() == 0
        for vertex in (3, 0):
            page.locator(f"[data-vertex='{vertex}']").click()
        assert "2 of 4 vertices; D = 1. More than D" in summary.inner_text()
        before = summary.inner_text()
        page.select_option("#gr-radius", "0.001")
        assert summary.inner_text() != before
        page.locator(".gr-board").click(position={"x": 12, "y": 12})
        assert page.locator("[data-vertex]").count() == 5
        page.focus("[data-vertex='4']")
        page.keyboard.press("Delete")
        assert page.locator("[data-vertex]").count() == 4
        shown = page.locator("#graph-game").inner_text()
        link = page.locator("#gr-link").evaluate("a => a.href")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert visit.errors == []
    with Visit(browser, link) as visit:
        assert visit.page.locator("#graph-game").inner_text() == shown
    with Visit(browser, on_disk(PLAYGROUND) + "#graph=1.1/az/1/1") as visit:
        assert "D = 1. More than D" in visit.page.locator("#gr-summary").inner_text()
        assert visit.errors == []


def test_the_playground_obeys_the_keyboard(browser):
    with Visit(browser, on_disk(PLAYGROUND)) as visit:
        page = visit.page
        summary = page.locator("#pg-summary")
        curve = page.locator(".pg-curve")
        picture = "document.querySelector('.pg-map').toDataURL()"
        before, label, drawn = (
            summary.inner_text(),
            curve.get_attribute("aria-label"),
            page.evaluate(picture),
        )
        page.focus("#pg-p11")
        values = []
        for _ in range(12):
            page.keyboard.press("ArrowRight")
            values.append(float(re.search(r"sender 1: ([-\d.]+)", summary.inner_text())[1]))
        steps = np.diff(values)
        assert page.locator("#pg-p11").input_value() == "0.82"
        assert summary.inner_text() != before
        assert np.abs(steps).max() > 5 * np.median(np.abs(steps)), "somewhere it jumps"
        page.focus("#pg-prior")
        page.keyboard.press("ArrowRight")
        assert page.evaluate(picture) != drawn
        assert curve.get_attribute("aria-label") != label
        page.select_option("#pg-game", "1")
        page.get_by_role("button", name="Both tell the truth").click()
        assert "sender 1: 0.300, of sender 2: 0.700" in summary.inner_text()
        assert page.locator("#playground .pg-table tbody tr").count() == 4
        page.select_option("#pg-sender", "1")
        assert "sender 2" in curve.get_attribute("aria-label")
        for control in page.locator("#playground input").all():
            assert page.locator(f"label[for='{control.get_attribute('id')}']").count() == 1
        assert visit.errors == []


def test_a_page_prints_as_pdf(browser, tmp_path):
    # a process of its own: Playwright starts only once in one
    code = (
        "import sys; from pathlib import Path; from study.run.pdf import find_browser, print_page\n"
        "print_page(Path(sys.argv[1]), Path(sys.argv[2]), find_browser())"
    )
    target = tmp_path / "page.pdf"
    arguments = [str(HTML / "book" / "notation.html"), str(target)]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, timeout=120)
    data = target.read_bytes()
    assert data.startswith(b"%PDF")
    assert len(data) > 20_000

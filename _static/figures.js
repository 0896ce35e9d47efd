/* Figures take the width of the finished page. On a narrow one the panels of a figure stand one below the other, and a wide picture keeps its size and scrolls. */
(() => {
  const NARROW = 560; // pixels
  const PANEL = 300;
  const WIDE = 1.5; // width by height

  const panels = (plot) => {
    const { cartesian = [], gl3d = [] } = plot._fullLayout._subplots;
    const flat = cartesian.map((name) => {
      const [x, y] = name.match(/[xy]\d*/g).map((axis) => axis.replace(/^(.)/, "$1axis"));
      return { x: plot._fullLayout[x].domain, y: plot._fullLayout[y].domain, keys: [`${x}.domain`, `${y}.domain`], axes: [x, y] };
    });
    const solid = gl3d.map((name) => {
      const { x, y } = plot._fullLayout[name].domain;
      return { x, y, keys: [`${name}.domain.x`, `${name}.domain.y`], axes: [] };
    });
    return [...flat, ...solid].sort((a, b) => b.y[1] - a.y[1] || a.x[0] - b.x[0]);
  };

  const titled = (panel, note) =>
    Math.abs((panel.x[0] + panel.x[1]) / 2 - note.x) < 0.02 && Math.abs(panel.y[1] - note.y) < 0.02;

  // a panel without a title of its own has that of its column or row
  const title = (plot, axis, found, side) => {
    const own = (name) => plot.layout[name]?.title?.text;
    const place = JSON.stringify(plot._fullLayout[axis].domain);
    const same = found.flatMap((panel) => panel.axes).filter((name) => name[0] === side && JSON.stringify(plot._fullLayout[name].domain) === place);
    return own(axis) || same.map(own).find(Boolean) || "";
  };

  const stack = (plot) => {
    const found = panels(plot);
    const count = found.length;
    if (count < 2) return;
    const height = count * PANEL + 80;
    const change = { height };
    const top = (k) => 1 - k / count - 0.1 / count;
    found.forEach((panel, k) => {
      change[panel.keys[0]] = [0, 1];
      change[panel.keys[1]] = [1 - (k + 1) / count + 0.2 / count, top(k)];
      panel.axes.forEach((axis) => {
        change[`${axis}.showticklabels`] = true;
        change[`${axis}.title.text`] = title(plot, axis, found, axis[0]);
      });
    });
    (plot.layout.annotations || []).forEach((note, k) => {
      const place = found.findIndex((panel) => titled(panel, note));
      if (place >= 0) Object.assign(change, { [`annotations[${k}].x`]: 0.5, [`annotations[${k}].y`]: top(place) });
    });
    for (let box = plot; box && !box.matches(".cell_output"); box = box.parentElement) {
      if (box.style.height) box.style.height = `${height}px`;
    }
    Plotly.relayout(plot, change);
  };

  const keepWide = (picture) => {
    if (picture.naturalWidth / picture.naturalHeight > WIDE) picture.classList.add("wide-picture");
  };

  window.addEventListener("load", () => {
    const plots = document.querySelectorAll(".js-plotly-plot");
    // they were drawn before the page had its columns
    plots.forEach((plot) => Plotly.Plots.resize(plot));
    if (window.innerWidth > NARROW) return;
    plots.forEach(stack);
    document.querySelectorAll("article .cell_output img").forEach(keepWide);
  });
})();

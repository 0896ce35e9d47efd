// (least) => texts of the article whose contrast with what is behind them is below `least` (WCAG 2.1, relative luminance)
(least) => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const over = (front, back) => front.rgb.map((c, k) => front.a * c + (1 - front.a) * back[k]);
  const behind = (node) => {
    if (!node) return [255, 255, 255];
    const colour = parse(getComputedStyle(node).backgroundColor);
    return colour.a === 1 ? colour.rgb : over(colour, behind(node.parentElement));
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const weak = new Map();
  const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || node.closest("svg, script, style, noscript, .js-plotly-plot, mjx-assistive-mml, .visually-hidden")) continue;
    if (!node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const back = behind(node);
    const style = getComputedStyle(node);
    const [x, y] = [luminance(over(parse(style.color), back)), luminance(back)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (x + 0.05) / (y + 0.05);
    const kind = `${node.tagName.toLowerCase()}.${node.className}: ${style.color} on ${back.map(Math.round)}`;
    if (ratio < (large ? 3 : least) && !weak.has(kind)) weak.set(kind, `${kind}, ${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 40)}`);
  }
  return [...weak.values()];
}

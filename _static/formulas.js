/* No line begins with the full stop that follows a formula: browsers break there, as after a picture. */
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("article span.math").forEach((formula) => {
    const rest = formula.nextSibling;
    const [end] = (rest?.nodeType === Node.TEXT_NODE && rest.data.match(/^[.,;:!?)\]’”]+/)) || [];
    if (!end) return;
    const together = document.createElement("span");
    together.style.whiteSpace = "nowrap";
    formula.before(together);
    together.append(formula, end);
    rest.data = rest.data.slice(end.length);
  });
});

// What a fold says is its name, and not the label that it comes with.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("details > summary[aria-label]").forEach(
    (summary) => summary.removeAttribute("aria-label"));
});
// One switch below the title of a page that unfolds the code of all its cells.
document.addEventListener("DOMContentLoaded", () => {
  const folds = document.querySelectorAll("details.above-input");
  const title = document.querySelector("article h1");
  if (!folds.length || !title) return;
  const button = document.createElement("button");
  const show = (shown) => {
    folds.forEach((fold) => { fold.open = shown; });
    button.setAttribute("aria-pressed", shown);
    button.textContent = shown ? "Hide all code" : "Show all code";
  };
  button.type = "button";
  button.className = "all-code";
  button.addEventListener("click", () => show(button.getAttribute("aria-pressed") !== "true"));
  show(false);
  title.after(button);
});

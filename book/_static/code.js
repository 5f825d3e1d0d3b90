// What a fold says is its name, and not the label that it comes with.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("details > summary[aria-label]").forEach(
    (summary) => summary.removeAttribute("aria-label"));
});
// One switch below the title of a page: a reader sees text and results, and with it also the code of
// all cells, unfolded, with links to what they call. A link to the cell of a claim turns it on.
document.addEventListener("DOMContentLoaded", () => {
  const folds = document.querySelectorAll("details.above-input");
  const title = document.querySelector("article h1");
  if (!folds.length || !title) return;
  const article = title.closest("article");
  const button = document.createElement("button");
  const show = (shown) => {
    folds.forEach((fold) => { fold.open = shown; });
    article.classList.toggle("without-code", !shown);
    button.setAttribute("aria-pressed", shown);
    button.textContent = shown ? "Hide all code" : "Show all code";
  };
  const follow = () => {
    if (!location.hash.startsWith("#claim-")) return;
    show(true);
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  };
  button.type = "button";
  button.className = "all-code";
  button.addEventListener("click", () => show(button.getAttribute("aria-pressed") !== "true"));
  show(false);
  title.after(button);
  follow();
  window.addEventListener("hashchange", follow);
});

// Buttons above a table of claims: which verdicts are shown, and which page of the book.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("table.claims:not(.items)").forEach((table) => {
    const rows = [...table.tBodies[0].rows];
    const all = { verdict: "all verdicts", page: "all pages" };
    const chosen = { verdict: all.verdict, page: all.page };
    if (rows.length < 10) return;  // nothing to look for
    const said = document.createElement("p");
    said.setAttribute("aria-live", "polite");
    const show = () => {
      const fits = (row) => Object.keys(chosen).every(
        (key) => chosen[key] === all[key] || row.dataset[key] === chosen[key]);
      rows.forEach((row) => { row.hidden = !fits(row); });
      said.textContent = `${rows.filter(fits).length} of ${rows.length} claims`;
    };
    const bars = Object.keys(chosen).map((key) => {
      const bar = document.createElement("div");
      const names = [all[key], ...new Set(rows.map((row) => row.dataset[key]))];
      bar.className = "claim-filter";
      bar.setAttribute("role", "group");
      bar.setAttribute("aria-label", `Show by ${key}`);
      names.forEach((name) => {
        const button = document.createElement("button");
        const mark = rows.find((row) => row.dataset[key] === name)?.querySelector("td.verdict > span");
        button.type = "button";
        button.append(key === "verdict" && mark ? mark.cloneNode(true) : name);
        button.setAttribute("aria-pressed", name === chosen[key]);
        button.addEventListener("click", () => {
          chosen[key] = name;
          [...bar.children].forEach((b) => b.setAttribute("aria-pressed", b === button));
          show();
        });
        bar.append(button);
      });
      return bar;
    });
    table.parentElement.before(...bars, said);
    show();
  });
});

"use strict";
(() => {
  const make = (name, about = {}, ...inside) => {
    const made = Object.assign(document.createElement(name), about);
    made.append(...inside);
    return made;
  };

  // A cell's number if it has one, else its text; no result sorts last either way.
  const key = (row, column) => {
    const cell = row.cells[column];
    if ("v" in cell.dataset) return Number(cell.dataset.v);
    return cell.textContent === "\u2013" ? null : cell.textContent;
  };

  const order = (a, b, way) => {
    if (a === null || b === null) return (a === null) - (b === null);
    const sign = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
    return way * sign;
  };

  const sortable = (table, heads, rows) => {
    heads.forEach((head, column) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
        const keyed = rows.map((row) => [key(row, column), row]);
        keyed.sort((a, b) => order(a[0], b[0], way));
        table.tBodies[0].append(...keyed.map((pair) => pair[1]));
      });
    });
  };

  const picks = (heads, rows) => heads.flatMap((head, column) => {
    if (!("pick" in head.dataset)) return [];
    const known = [...new Set(rows.map((row) => row.cells[column].textContent))];
    if (known.length < 2) return [];
    const select = make("select", {}, new Option("all", ""), ...known.map((name) => new Option(name, `=${name}`)));
    return [{ column, select, label: make("label", {}, head.textContent, select) }];
  });

  const filterable = (table, heads, rows) => {
    const chosen = picks(heads, rows);
    const words = make("input", { type: "search", autocomplete: "off" });
    const count = make("span", { className: "count" });
    count.setAttribute("role", "status");
    const filter = () => {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row) => {
        const text = row.textContent.toLowerCase();
        const fits = ({ column, select }) => !select.value || `=${row.cells[column].textContent}` === select.value;
        row.hidden = !(wanted.every((word) => text.includes(word)) && chosen.every(fits));
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = `${shown} of ${rows.length} rows`;
    };
    words.addEventListener("input", filter);
    chosen.forEach(({ select }) => select.addEventListener("change", filter));
    const search = make("label", {}, "Filter rows by words", words);
    const tools = make("div", { className: "tools" }, search, ...chosen.map((one) => one.label), count);
    tools.setAttribute("role", "search");
    tools.setAttribute("aria-label", `Filter: ${table.caption.textContent}`);
    table.parentElement.before(tools);
    filter();
  };

  document.querySelectorAll("table.live").forEach((table) => {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 2) return;
    filterable(table, heads, rows);
    sortable(table, heads, rows);
  });

  // Light, dark, or as the system has it; kept for this visit alone.
  const themes = ["system", "light", "dark"];
  const theme = make("button", { type: "button", className: "theme" });
  const show = (name) => {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.textContent = `Theme: ${name}`;
    theme.value = name;
  };
  theme.addEventListener("click", () => show(themes[(themes.indexOf(theme.value) + 1) % themes.length]));
  show("system");
  document.querySelector("header").prepend(theme);

  // Paper has no folds; the numbers of a figure are for those who cannot see it.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("section:not(#provenance) details:not([open], figure details)")];
    folded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));

  // A link into a folded part unfolds it.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let up = target; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();
})();

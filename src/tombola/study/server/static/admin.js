// Counts that keep up with the study; without this file "Refresh" does the same.
"use strict";

async function refresh() {
  const response = await fetch("/admin/counts", { cache: "no-store" });
  if (!response.ok) return;
  const counts = await response.json();
  for (const cell of document.querySelectorAll("[data-count]")) {
    const value = counts[cell.dataset.count];
    cell.textContent = value === null ? "–" : cell.dataset.count === "seconds" ? value.toFixed(1) : value;
  }
  for (const body of document.querySelectorAll("[data-table]")) {
    const rows = counts[body.dataset.table].map(([name, number]) => {
      const row = document.createElement("tr"), head = document.createElement("th"), cell = document.createElement("td");
      head.scope = "row";
      head.textContent = name;
      cell.textContent = number;
      row.append(head, cell);
      return row;
    });
    body.replaceChildren(...rows);
  }
}

setInterval(() => { refresh().catch(() => undefined); }, 5000);

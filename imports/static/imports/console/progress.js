// Watches an import that is under way; without this file the page is simply loaded again by hand.
"use strict";

const watched = document.querySelector("[data-ak-progress]");
const BETWEEN_MS = 1000;

function show(told) {
  if (told.phase) {
    watched.querySelector("[data-ak-phase]").textContent = told.phase;
  }
  if (told.percent !== null) {
    watched.querySelector("progress").value = told.percent;
  }
}

async function look() {
  try {
    const answer = await fetch(watched.dataset.akProgress, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const told = await answer.json();
      if (!told.is_under_way) {
        window.location.reload();
        return;
      }
      show(told);
    }
  } catch (error) {
    // The server may be starting again; the next look tells.
  }
  window.setTimeout(look, BETWEEN_MS);
}

if (watched) {
  window.setTimeout(look, BETWEEN_MS);
}

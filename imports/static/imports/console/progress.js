// Watches an import that is under way; without this file the page is simply loaded again by hand.
"use strict";

const watched = document.querySelector("[data-ak-progress]");

async function look() {
  try {
    const answer = await fetch(watched.dataset.akProgress, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const told = await answer.json();
      if (told.state !== watched.dataset.akState && told.state !== "STAGED") {
        window.location.reload();
        return;
      }
      if (told.phase) {
        watched.querySelector("[data-ak-phase]").textContent = told.phase;
      }
      if (told.percent !== null) {
        watched.querySelector("progress").value = told.percent;
      }
    }
  } catch (error) {
    // The server may be starting again; the next look tells.
  }
  window.setTimeout(look, 1000);
}

if (watched) {
  window.setTimeout(look, 700);
}

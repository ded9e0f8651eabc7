// Says before a large file is sent that it is too large; the server refuses it in any case.
"use strict";

const form = document.querySelector("[data-ak-largest]");
const file = form.querySelector("[type=file]");
const problem = form.querySelector("[data-ak-problem]");

function isTooLarge() {
  const chosen = file.files[0];
  return chosen !== undefined && chosen.size > Number(form.dataset.akLargest);
}

file.addEventListener("change", () => {
  problem.textContent = isTooLarge() ? "This file is too large. Split it, or pack it as .gz or .zst." : "";
});

form.addEventListener("submit", (event) => {
  if (isTooLarge()) {
    event.preventDefault();
    return;
  }
  form.querySelector("[data-ak-sending]").textContent = "Sending the file…";
  form.querySelector("button").setAttribute("aria-disabled", "true");
});

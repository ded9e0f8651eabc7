// The console works without this file: it only turns the halt page into a dialog, and keeps the
// keyboard inside the theme's own dialogs.
"use strict";

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-ak-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.akDialog);
  if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  event.preventDefault();
  dialog.showModal();
  dialog.querySelector("button[name=state]").focus();
});

const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea";
let openedBy = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("[hx-target='#modal-content']")) {
    openedBy = event.target;
  }
});

// The theme shows its dialog a little after it was filled; what is hidden takes no focus.
function focusWhenShown(dialog, frames) {
  const first = dialog.querySelector("input:not([type=hidden]), select, textarea");
  if (first && first.offsetParent !== null) {
    first.focus();
  } else if (frames > 0) {
    requestAnimationFrame(() => focusWhenShown(dialog, frames - 1));
  }
}

document.addEventListener("htmx:afterSettle", (event) => {
  const dialog = event.target.closest("#modal-content");
  if (dialog) {
    focusWhenShown(dialog, 60);
  }
});

document.addEventListener("keydown", (event) => {
  const dialog = document.querySelector("#modal-content #dialog");
  if (!dialog || dialog.offsetParent === null) {
    return;
  }
  if (event.key === "Escape") {
    openedBy?.focus();
    return;
  }
  if (event.key !== "Tab") {
    return;
  }
  const stops = [...dialog.querySelectorAll(FOCUSABLE)].filter((one) => one.offsetParent !== null);
  const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
  if (document.activeElement === edge || !dialog.contains(document.activeElement)) {
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  }
});

/*
 * What htmx leaves open: an answer that comes too late, from another page, or not at all. The page
 * stays as it is then, with what was typed into it.
 */
(function () {
  "use strict";

  const asked = new WeakMap();
  const typed = (form) => (form ? new URLSearchParams(new FormData(form)).toString() : "");

  function say(sentence) {
    const list = document.createElement("ul");
    const item = document.createElement("li");
    list.className = "message-list";
    item.className = "message message-warning";
    item.textContent = sentence;
    list.append(item);
    document.getElementById("messages").replaceChildren(list);
  }

  document.addEventListener("htmx:beforeRequest", ({ detail }) => asked.set(detail.xhr, typed(detail.elt.form)));
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt, path } = detail.requestConfig;
    if (new URL(detail.xhr.responseURL).pathname !== path) {
      detail.shouldSwap = false;
      say("You are signed out. Sign in again to go on.");
    } else if (asked.get(detail.xhr) !== typed(elt.form)) {
      detail.shouldSwap = false;
      window.htmx.trigger(elt, "click");
    } else if (detail.shouldSwap) {
      document.getElementById("messages").replaceChildren();
    }
  });
  document.addEventListener("htmx:sendError", () => say("The server does not answer. Nothing was changed; try again."));
  document.addEventListener("htmx:responseError", () => say("The server could not answer. Nothing was changed; try again."));
})();

/*
 * What htmx leaves open when a part of a page is asked for: an answer that comes after something
 * else was typed, and none to show. What was typed stays as it is.
 */
(function () {
  "use strict";

  const KEPT = " What you typed is still here.";
  const UNREACHED = "The server could not be reached." + KEPT + " Try again in a moment.";
  const SENTENCES = {
    403: "You were signed out, or may not do this." + KEPT + " Sign in in another tab, then load this page again.",
    503: "budgetctl is not available just now." + KEPT + " Try again in a minute.",
  };
  const FAILED = "Something failed on the server." + KEPT + " Try again.";

  const asked = new WeakMap();
  const typed = (form) => (form ? new URLSearchParams(new FormData(form)).toString() : "");

  function forget() {
    document.querySelectorAll(".request-failed").forEach((said) => said.remove());
  }

  function say({ detail }, sentence) {
    const place = detail.elt.closest(".actions") || detail.elt;
    const said = document.createElement("p");
    said.className = "notice request-failed";
    said.setAttribute("role", "alert");
    said.textContent = sentence;
    forget();
    place.before(said);
  }

  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    forget();
    asked.set(detail.xhr, typed(detail.elt.form));
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt } = detail.requestConfig;
    if (detail.shouldSwap && asked.get(detail.xhr) !== typed(elt.form)) {
      detail.shouldSwap = false;
      window.htmx.trigger(elt, "click"); // asked again, with what is typed now
    }
  });
  document.addEventListener("htmx:sendError", (event) => say(event, UNREACHED));
  document.addEventListener("htmx:timeout", (event) => say(event, UNREACHED));
  document.addEventListener("htmx:responseError", (event) =>
    say(event, SENTENCES[event.detail.xhr.status] || FAILED)
  );
})();

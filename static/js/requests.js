/* Says what became of a request for a part of a page that got no answer to show. Without it nothing
   at all would happen: what was typed stays, and may be sent again. */
(function () {
  "use strict";

  const KEPT = " What you typed is still here.";
  const UNREACHED = "The server could not be reached." + KEPT + " Try again in a moment.";
  const SENTENCES = {
    403: "You were signed out, or may not do this." + KEPT + " Sign in in another tab, then load this page again.",
    503: "budgetctl is not available just now." + KEPT + " Try again in a minute.",
  };
  const FAILED = "Something failed on the server." + KEPT + " Try again.";

  function forget() {
    document.querySelectorAll(".request-failed").forEach((said) => said.remove());
  }

  function say(event, sentence) {
    const element = event.detail.elt;
    const place = element.closest(".actions") || element;
    const said = document.createElement("p");
    said.className = "notice request-failed";
    said.setAttribute("role", "alert");
    said.textContent = sentence;
    forget();
    place.before(said);
  }

  document.addEventListener("htmx:beforeRequest", forget);
  document.addEventListener("htmx:sendError", (event) => say(event, UNREACHED));
  document.addEventListener("htmx:timeout", (event) => say(event, UNREACHED));
  document.addEventListener("htmx:responseError", (event) =>
    say(event, SENTENCES[event.detail.xhr.status] || FAILED)
  );
})();

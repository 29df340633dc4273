// What every page needs. Pages work without it, except for what changes by itself.

// Links as MLflow's client and Databricks' SDK print them: what is shown is behind the #.
const fromHash = () => {
  if (location.pathname !== "/") return;
  const hash = location.hash;
  const job = hash.match(/^#\/?jobs?\/(\d+)(?:\/runs?\/(\d+))?$/);
  if (job) location.replace(`/jobs/${job[1]}${job[2] ? `/runs/${job[2]}` : ""}`);
  const pipeline = hash.match(/^#joblist(\/pipelines\/[\w-]+(?:\/updates\/[\w-]+)?)$/); // as `bundle run` prints it
  if (pipeline) location.replace(pipeline[1]);
  else if (/^#\/(experiments|models|compare|metric|traces)\b/.test(hash)) location.replace(`/mlflow/${hash}`);
};
addEventListener("hashchange", fromHash);
fromHash();

// Times in the reader's own zone and language.
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const localize = (root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const text = whole.format(new Date(time.dateTime));
    if ("ago" in time.dataset) time.title = text;
    else time.textContent = text;
  }
};
addEventListener("DOMContentLoaded", () => localize(document));

// A part that replaces itself keeps what the reader has opened in it, how far it is scrolled, and the focus.
const kept = new Map();
const scrolling = (root) => [...root.querySelectorAll(".scroll, .code")];
const focusable = (root) => [...root.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]")];
const keep = ({ target: root }) => {
  const index = focusable(root).indexOf(document.activeElement);
  kept.set(root.id, {
    opened: [...root.querySelectorAll("details[open][id]")].map((each) => each.id),
    scrolled: scrolling(root).map((each) => ({
      label: each.ariaLabel,
      left: each.scrollLeft,
      top: each.scrollTop,
      atEnd: each.scrollTop + each.clientHeight >= each.scrollHeight - 4,
    })),
    focus: index < 0 ? null : { index, href: document.activeElement.getAttribute("href") },
  });
};
const bringBack = ({ opened, scrolled, focus }, root) => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  for (const each of scrolling(root)) {
    const before = scrolled.find(({ label }) => label === each.ariaLabel);
    if (before) each.scrollTo(before.left, before.atEnd && "tail" in each.dataset ? each.scrollHeight : before.top);
  }
  if (!focus) return;
  const found = focusable(root);
  const same = found.filter((each) => each.getAttribute("href") === focus.href);
  (same.includes(found[focus.index]) ? found[focus.index] : same[0])?.focus({ preventScroll: true });
};
addEventListener("htmx:beforeSwap", keep);
addEventListener("htmx:oobBeforeSwap", keep);
addEventListener("htmx:afterSettle", (event) => {
  for (const [id, state] of kept) {
    const root = document.getElementById(id);
    if (root) bringBack(state, root);
  }
  kept.clear();
  localize(event.target.isConnected ? event.target : document);
});
addEventListener("DOMContentLoaded", () => {
  for (const log of document.querySelectorAll("[data-tail]")) log.scrollTop = log.scrollHeight;
});
addEventListener("htmx:load", (event) => localize(event.target));
const notice = (text) => {
  const box = document.createElement("div");
  box.className = "notice bad";
  box.textContent = text;
  document.getElementById("notice")?.replaceChildren(box);
};
addEventListener("htmx:responseError", (event) => {
  const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  notice(answer.body.textContent.trim() || `The request failed (${event.detail.xhr.status}).`);
});
addEventListener("htmx:sendError", () => notice("The workspace does not answer. Start it again, then reload this page."));
addEventListener("htmx:afterOnLoad", (event) => {
  if (event.detail.successful) document.getElementById("notice")?.replaceChildren();
});

addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
addEventListener("click", (event) => {
  const menu = event.target.closest(".menu");
  if (menu) {
    const open = document.body.classList.toggle("open");
    menu.setAttribute("aria-expanded", open);
  }
  const button = event.target.closest("[data-copy]");
  if (button) {
    navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = "Copied";
  }
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("open")) document.querySelector(".menu").click();
});

// Keyboard shortcuts, the count of new rows, loading the timeline, and protection against double submits.
// Every page also works without JavaScript.

const POLL_MS = 10_000;
const rows = [...document.querySelectorAll("#queue tbody tr")];
let chosen = -1;

function choose(index) {
  if (!rows.length) return;
  rows[chosen]?.classList.remove("chosen");
  chosen = Math.max(0, Math.min(rows.length - 1, index));
  rows[chosen].classList.add("chosen");
  const link = rows[chosen].querySelector("a");
  link.focus({ preventScroll: true });
  rows[chosen].scrollIntoView({ block: "nearest" });
}

function open(field = "") {
  const link = rows[chosen]?.querySelector("a");
  if (link) location.href = link.href + field;
}

function approveChosen() {
  const form = document.getElementById("approve");
  const row = rows[chosen];
  if (!form || !row || !("approve" in row.dataset)) return;
  form.action = `/orders/${encodeURIComponent(row.dataset.id)}/decision${form.dataset.query}`;
  form.requestSubmit();
}

function press(key) {
  const button = document.querySelector(`button[data-key="${key}"]`);
  button?.click();
  return Boolean(button);
}

function focusOn(id) {
  const field = document.getElementById(id);
  field?.focus();
  field?.select?.();
  return Boolean(field);
}

function search() {
  const field = document.getElementById("search");
  if (!field) return void (location.href = "/#search");
  field.closest("details").open = true;
  field.focus();
}

const actions = {
  n: () => (rows.length ? choose(chosen + 1) : document.getElementById("next")?.click()),
  p: () => (rows.length ? choose(chosen - 1) : history.back()),
  a: () => press("a") || approveChosen(),
  c: () => focusOn("amount") || open("#amount"),
  d: () => focusOn("deny-reason") || open("#deny-reason"),
  u: () => press("u"),
  q: () => (location.href = "/"),
  o: () => (location.href = "/overview"),
  "/": search,
  "?": () => document.getElementById("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, dialog[open]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in actions)) {
    if (event.key === "Escape") event.target.blur?.();
    return;
  }
  event.preventDefault();
  actions[event.key]();
});

const helpButton = document.getElementById("help-button");
helpButton.hidden = false;
helpButton.addEventListener("click", actions["?"]);
if (location.hash === "#search") search();
else if (location.hash) focusOn(location.hash.slice(1));

// A form that is being sent is not sent again. The server saves it only once in any case.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));

document.querySelectorAll("[data-copy]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
});

const newRows = document.getElementById("new");

async function checkForNewRows() {
  if (document.hidden) return;
  const query = new URL(newRows.href).searchParams;
  query.set("since", newRows.dataset.since);
  let lost = true;
  try {
    const answer = await fetch(`/new?${query}`, { headers: { accept: "application/json" } });
    lost = !answer.ok;
    if (answer.ok) show((await answer.json()).new);
  } catch {
    lost = true; // no response: the next poll tries again
  }
  document.getElementById("offline").hidden = !lost;
}

function show(count) {
  newRows.hidden = !count;
  newRows.textContent = count ? `${count >= 100 ? "100 or more" : count} new – show` : "";
}

if (newRows) setInterval(checkForNewRows, POLL_MS);
if (newRows) addEventListener("focus", checkForNewRows);

// Reading the lakehouse takes a second, so the timeline is loaded after the page.
async function load(part) {
  try {
    const answer = await fetch(part.dataset.load);
    if (!answer.ok) throw new Error(answer.statusText);
    part.innerHTML = await answer.text();
  } catch (error) {
    part.querySelector("[role=status]").textContent = `The timeline can't be loaded right now: ${error.message}`;
  }
}

document.querySelectorAll("[data-load]").forEach(load);

// The plan's numbers as the form stands, and the button that fills them in. Without this file the button
// saves the draft and the server fills them in.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const answer = document.getElementById("plan-answer");
  const form = document.getElementById("experiment_form");
  if (!answer || !form) return;
  const asked = /^(primary_metric|attribution_hours|expected_rate|minimum_effect|layer_percentage|traffic_percentage|surfaces|variants-(TOTAL_FORMS|\d+-(name|weight|is_control|DELETE)))$/;
  let waiting;
  let last;

  const ask = async () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([name]) => asked.test(name))).toString();
    if (query === last) return;
    last = query;
    const response = await fetch(`${answer.dataset.url}?${query}`, { headers: { "X-Requested-With": "fetch" } });
    if (response.ok && query === last) answer.innerHTML = await response.text();
  };
  const askSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 300);
  };

  form.addEventListener("input", askSoon);
  form.addEventListener("change", askSoon);
  document.addEventListener("formset:added", askSoon);
  document.addEventListener("formset:removed", askSoon);
  document.getElementById("plan-note").textContent = "The button writes the numbers into the form.";
  document.getElementById("plan-fill").addEventListener("click", (event) => {
    const numbers = answer.querySelector("[data-people]");
    event.preventDefault();
    if (!numbers) return;
    form.elements.planned_users.value = numbers.dataset.people;
    form.elements.planned_days.value = numbers.dataset.days;
    document.getElementById("plan-note").textContent = "Written into the form. Save to keep them.";
  });
});

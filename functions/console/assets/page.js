// Pages whose texts are written in them: each place with `data-text` gets that text in the reader's
// language, and the button `language` switches to the other one.

import { currentLanguage, switchLanguage, t } from "./text.js";

/** Fills the places, and calls `rest` for what else there is, now and after each switch. */
export function inBothLanguages(rest = () => {}) {
  const language = document.getElementById("language");
  const render = () => {
    for (const place of document.querySelectorAll("[data-text]")) place.textContent = t(place.dataset.text);
    language.textContent = t("language.other");
    language.lang = currentLanguage() === "en" ? "nb" : "en";
    rest();
  };
  language.addEventListener("click", () => {
    switchLanguage();
    render();
  });
  render();
}

// The texts of the first page, in the reader's language.

import { currentLanguage, switchLanguage, t } from "./text.js";

const language = document.getElementById("language");

function render() {
  for (const place of document.querySelectorAll("[data-text]")) place.textContent = t(place.dataset.text);
  language.textContent = t("language.other");
  language.lang = currentLanguage() === "en" ? "nb" : "en";
}

language.addEventListener("click", () => {
  switchLanguage();
  render();
});
render();

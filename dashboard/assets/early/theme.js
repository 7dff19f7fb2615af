/* Before anything is painted: the theme the reader chose, else that of the system. */
(function () {
  "use strict";
  var chosen = null;
  try { chosen = window.localStorage.getItem("hssk-theme"); } catch (error) { chosen = null; }
  var dark = window.matchMedia && window.matchMedia("(prefers-color-scheme: dark)").matches;
  var theme = chosen === "dark" || chosen === "light" ? chosen : dark ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
  document.documentElement.dataset.mantineColorScheme = theme;
})();

/* The light look of what is shown in the dark: paper and pictures are always light. The server says which colour of the
   dark palette is which of the light one (the attribute data-light of the frame). */
(function () {
  "use strict";

  function pairs() {
    var shell = document.querySelector("[data-light]");
    return shell ? JSON.parse(shell.dataset.light) : {};
  }

  function isDark() {
    return document.documentElement.dataset.theme === "dark";
  }

  function hex(red, green, blue) {
    return "#" + [red, green, blue].map(function (part) { return Number(part).toString(16).padStart(2, "0"); }).join("");
  }

  /* "#17201f", "rgb(23, 32, 31)" and "rgba(23,32,31,0.2)" of the dark palette in the light one's; others stay. */
  function colour(text, known) {
    known = known || pairs();
    if (known[text]) return known[text];
    var found = /^rgba?\((\d+),\s*(\d+),\s*(\d+)(?:,\s*([\d.]+))?\)$/.exec(text);
    var light = found && known[hex(found[1], found[2], found[3])];
    if (!light) return text;
    if (found[4] === undefined) return light;
    var parts = [1, 3, 5].map(function (at) { return parseInt(light.slice(at, at + 2), 16); });
    return "rgba(" + parts.join(",") + "," + found[4] + ")";
  }

  /* A copy of data or layout; numbers in typed arrays are passed on as they are. */
  function recoloured(value, known) {
    if (typeof value === "string") return /^(#[0-9a-f]{6}$|rgba?\()/.test(value) ? colour(value, known) : value;
    if (Array.isArray(value)) return value.map(function (item) { return recoloured(item, known); });
    if (!value || Object.getPrototypeOf(value) !== Object.prototype) return value;
    var copy = {};
    Object.keys(value).forEach(function (name) { copy[name] = recoloured(value[name], known); });
    return copy;
  }

  /* The figure of a graph in light colours, its size set. */
  function figure(graph, width, height) {
    var known = isDark() ? pairs() : {};
    var layout = recoloured(graph.layout, known);
    return {
      data: recoloured(graph.data, known),
      layout: Object.assign(layout, { width: width, height: height, autosize: false }),
    };
  }

  window.atlasLight = {
    colour: function (text) { return isDark() ? colour(text) : text; },
    figure: figure,
  };
})();

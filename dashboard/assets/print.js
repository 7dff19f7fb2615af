/* On paper: one column of A4, every graph drawn anew at the width it has there, in the light look. Browsers tell of
   printing before they lay the page out and wait for what is done in that moment, not for answers of a server. */
(function () {
  "use strict";

  var kept = null;

  function graphs() {
    return Array.prototype.filter.call(document.querySelectorAll(".js-plotly-plot"), function (graph) {
      return graph.offsetParent !== null;
    });
  }

  /* Legends carry the colours of the figures, not those of the style sheet. */
  function swatches() {
    return Array.prototype.filter.call(document.querySelectorAll(".swatch"), function (swatch) {
      return swatch.style.backgroundColor;
    });
  }

  /* Lines that are closer than their names are high get smaller names: a sheet has 8 pixels for each of 102. */
  function fit(graph, figure, height) {
    var axis = graph._fullLayout.yaxis;
    var layout = figure.layout;
    if (!axis || axis.type !== "category") return;
    var margin = layout.margin || {};
    var room = (height - (margin.t || 0) - (margin.b || 0)) / Math.abs(axis.range[1] - axis.range[0]);
    if (room >= axis.tickfont.size + 2) return;
    var size = Math.max(6, Math.floor(room) - 1);
    layout.yaxis = Object.assign({}, layout.yaxis, { tickfont: Object.assign({}, layout.yaxis.tickfont, { size: size }) });
    function smaller(item, name) {
      if (!item[name]) return item;
      var font = Object.assign({}, item[name], { size: Math.min(size, item[name].size || size) });
      var changed = {};
      changed[name] = font;
      return Object.assign({}, item, changed);
    }
    layout.annotations = (layout.annotations || []).map(function (note) { return smaller(note, "font"); });
    figure.data = figure.data.map(function (trace) { return smaller(trace, "textfont"); });
  }

  function enter() {
    if (kept) return;
    var root = document.documentElement;
    var shown = graphs();
    kept = { theme: root.dataset.theme, graphs: shown.map(function (graph) {
      return { graph: graph, data: graph.data, layout: graph.layout };
    }), swatches: swatches().map(function (swatch) { return { swatch: swatch, was: swatch.style.backgroundColor }; }) };
    kept.swatches.forEach(function (item) {
      item.swatch.style.backgroundColor = window.atlasLight.colour(item.was);
    });
    root.classList.add("printing");
    shown.forEach(function (graph) {
      var box = graph.closest(".graph-frame").getBoundingClientRect();
      var figure = window.atlasLight.figure(graph, box.width, box.height);
      fit(graph, figure, box.height);
      window.Plotly.react(graph, figure.data, figure.layout, graph._context);
    });
    root.dataset.theme = "light";
  }

  function leave() {
    if (!kept) return;
    var was = kept;
    kept = null;
    document.documentElement.classList.remove("printing");
    document.documentElement.dataset.theme = was.theme;
    was.swatches.forEach(function (item) { item.swatch.style.backgroundColor = item.was; });
    was.graphs.forEach(function (item) {
      window.Plotly.react(item.graph, item.data, item.layout, item.graph._context);
    });
    window.dispatchEvent(new Event("resize"));
  }

  window.addEventListener("beforeprint", enter);
  window.addEventListener("afterprint", leave);
  window.matchMedia("print").addEventListener("change", function (event) {
    if (event.matches) enter(); else leave();
  });
})();

/* Client side of the dashboard: the URL, the district search, the chart/table view. Loaded before Dash starts. */
(function () {
  "use strict";

  var NAMES = ["condition", "variant", "estimator", "sex", "period", "view", "district"];
  var path = window.location.pathname;

  function query() {
    return Object.fromEntries(new URLSearchParams(window.location.search));
  }

  /* State goes into the URL without a Location event: Dash would rebuild the page and lose the focus. */
  function writeUrl(selection, asNewPlace) {
    var parameters = new URLSearchParams({ lang: selection.lang });
    NAMES.forEach(function (name) {
      if (selection[name]) parameters.set(name, selection[name]);
    });
    var pinned = query().build;
    if (pinned && pinned === selection.build) parameters.set("build", pinned);
    var search = "?" + parameters.toString();
    if (search === window.location.search) return;
    window.history[asNewPlace ? "pushState" : "replaceState"]({}, "", window.location.pathname + search);
  }

  /* Back and forward on the same page: what the URL says goes to the page as if it were opened anew. */
  window.addEventListener("popstate", function () {
    if (window.location.pathname !== path) {
      path = window.location.pathname;
      return;
    }
    var asked = query();
    asked.asked_lang = asked.lang || "";
    asked.lang = document.documentElement.lang;
    window.dash_clientside.set_props("query", { data: asked });
  });

  /* The links to the other language carry the state of this moment. */
  function refreshLanguageLink(event) {
    var link = event.target.closest ? event.target.closest("a[data-language]") : null;
    if (!link) return;
    var parameters = new URLSearchParams(window.location.search);
    parameters.set("lang", link.dataset.language);
    link.href = window.location.pathname + "?" + parameters.toString();
  }
  ["pointerdown", "focusin", "click"].forEach(function (name) {
    document.addEventListener(name, refreshLanguageLink, true);
  });

  function clickedDistrict(click) {
    var point = click && click.points && click.points[0];
    if (!point) return null;
    return point.location || (point.customdata && point.customdata[0]) || null;
  }

  /* One callback from controls to Selection. `catalogue` arrives only when the page was (re)opened. */
  function select(
    catalogue, condition, variant, estimator, sex, period, district, city, inner, compare, whole, view, previous
  ) {
    var keep = window.dash_clientside.no_update;
    if (!catalogue) return [keep, keep, keep, keep];
    var changed = window.dash_clientside.callback_context.triggered.map(function (item) {
      return item.prop_id;
    });
    var opened = changed.includes("catalogue.data");
    var clicks = { "map-city.clickData": city, "map-inner.clickData": inner, "compare.clickData": compare };
    if (opened) {
      variant = catalogue.variant;
      district = catalogue.district;
    } else {
      changed.forEach(function (name) {
        if (name in clicks) district = clickedDistrict(clicks[name]) || district;
        if (name === "whole-city.n_clicks") district = null;
      });
    }
    var variants = catalogue.variants[condition] || [];
    var known = variants.some(function (item) { return item.value === variant; });
    if (!known) variant = variants.length ? variants[0].value : null;
    var selection = {
      lang: catalogue.lang, build: catalogue.build, condition: condition, variant: variant, estimator: estimator,
      sex: sex, period: period, district: district || null,
      view: view
    };
    var moved = !opened && !!previous && previous.district !== selection.district;
    writeUrl(selection, moved);
    var same = !opened && previous && JSON.stringify(previous) === JSON.stringify(selection);
    return [same ? keep : selection, variants, variant, district || null];
  }

  /* Map or table: figures that were hidden measure themselves again when they come back. */
  function showView(view) {
    window.setTimeout(function () { window.dispatchEvent(new Event("resize")); }, 0);
    return [view === "table", view !== "table"];
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlas: { select: select, show_view: showView },
  });

  /* "go vap" finds Gò Vấp, "q1" finds Quận 1 by its short form. */
  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/Đ/g, "D").toLowerCase();
  }
  window.dashMantineFunctions = Object.assign({}, window.dashMantineFunctions, {
    withoutDiacritics: function (input) {
      var words = plain(input.search).split(/\s+/).filter(Boolean);
      return input.options.filter(function (option) {
        var label = plain(option.label || "");
        return words.every(function (word) { return label.includes(word); });
      });
    },
  });
})();

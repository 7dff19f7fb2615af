/* Client side of the dashboard: state and URL, theme, table twins, export addresses, district search. */
(function () {
  "use strict";

  var path = window.location.pathname;
  /* The Selection last written: exports and pictures speak of it. */
  var current = null;

  function query() {
    return Object.fromEntries(new URLSearchParams(window.location.search));
  }

  function pageName() {
    var shell = document.querySelector("[data-page]");
    return shell ? shell.dataset.page : "";
  }

  function parametersOf(selection) {
    var parameters = new URLSearchParams({ lang: selection.lang });
    Object.keys(selection).forEach(function (name) {
      if (["lang", "build", "theme"].includes(name) || !selection[name]) return;
      parameters.set(name, selection[name]);
    });
    return parameters;
  }

  /* State goes into the URL without a Location event: Dash would rebuild the page and lose the focus. */
  function writeUrl(selection, asNewPlace) {
    var parameters = parametersOf(selection);
    var pinned = query().build;
    if (pinned && pinned === selection.build) parameters.set("build", pinned);
    else parameters.set("seen", selection.build);
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
    if (!pageName()) return;
    var asked = query();
    asked.asked_lang = asked.lang || "";
    asked.lang = document.documentElement.lang;
    window.dash_clientside.set_props(pageName() + "-query", { data: asked });
  });

  /* Links that carry the state of this moment: the other language, and the files of a card. */
  function refreshLink(event) {
    var link = event.target.closest ? event.target.closest("a[data-language], a[data-export]") : null;
    if (!link) return;
    if (link.dataset.language) {
      var parameters = new URLSearchParams(window.location.search);
      parameters.set("lang", link.dataset.language);
      link.href = window.location.pathname + "?" + parameters.toString();
    } else if (current) {
      var asked = parametersOf(current);
      asked.set("build", current.build);
      link.href = link.href.split("?")[0] + "?" + asked.toString();
    }
  }
  ["pointerdown", "focusin", "click"].forEach(function (name) {
    document.addEventListener(name, refreshLink, true);
  });

  function clickedDistrict(click) {
    var point = click && click.points && click.points[0];
    if (!point) return null;
    /* The mark of a unit carries the district it came from, its location is the unit's own code. */
    return (point.customdata && point.customdata[0]) || point.location || point.hovertext || null;
  }

  /* Choices that follow another: the definitions of a condition; `default` names what a new value brings with it. */
  function follow(selection, dependent, changed) {
    Object.keys(dependent).forEach(function (name) {
      var rule = dependent[name];
      var leader = selection[rule.of];
      if (rule.options) {
        var options = rule.options[leader] || [];
        var known = options.some(function (item) { return item.value === selection[name]; });
        if (!known) selection[name] = options.length ? options[0].value : null;
      } else if (rule.default && changed.includes(rule.of)) {
        selection[name] = rule.default[leader];
      }
    });
  }

  /* One callback a page from controls to Selection; what the inputs are is read from the callback itself. */
  function select() {
    var context = window.dash_clientside.callback_context;
    var keep = window.dash_clientside.no_update;
    var outputs = [].concat(context.outputs_list);
    var catalogue = arguments[0];
    var previous = arguments[arguments.length - 1];
    /* Dash gives one output alone, not in a list, and wants its value so. */
    function answer(values) { return Array.isArray(context.outputs_list) ? values : values[0]; }
    if (!catalogue) return answer(outputs.map(function () { return keep; }));
    var page = catalogue.page;
    var triggered = context.triggered.map(function (item) { return item.prop_id; });
    var opened = !previous || previous.build !== catalogue.build || triggered.includes(page + "-catalogue.data");
    var selection = Object.assign({}, opened ? catalogue.values : previous);
    selection.lang = catalogue.lang;
    selection.build = catalogue.build;
    selection.theme = document.documentElement.dataset.theme || "light";
    var changed = [];
    if (!opened) {
      context.inputs_list.forEach(function (input) {
        var name = input.id.slice(page.length + 1);
        if (!triggered.includes(input.id + "." + input.property)) return;
        if (input.property === "value" && selection[name] !== (input.value || null)) {
          selection[name] = input.value || null;
          changed.push(name);
        }
        if (input.property === "n_clicks") selection.district = null;
        if (input.property === "clickData") {
          var district = clickedDistrict(input.value);
          if (district) selection.district = district === selection.district ? null : district;
        }
      });
    }
    follow(selection, catalogue.dependent, changed);
    current = selection;
    document.documentElement.dataset.build = selection.build;
    writeUrl(selection, !opened && !!previous && previous.district !== selection.district);
    /* A part of the page is told of the Selection only when a choice it depends on is another. */
    function moved(names) {
      return opened || !previous || names.some(function (name) { return previous[name] !== selection[name]; });
    }
    return answer(outputs.map(function (output) {
      var name = output.id.slice(page.length + 1);
      if (name === "selection") return moved(Object.keys(selection)) ? selection : keep;
      if (name.indexOf("part-") === 0) {
        return moved(["build", "lang", "theme"].concat(catalogue.parts[name.slice(5)])) ? selection : keep;
      }
      if (name === "standard-frame") return selection.estimator !== "standardised";
      if (output.property === "data") {
        var rule = catalogue.dependent[name];
        return (rule.options[selection[rule.of]] || []);
      }
      return selection[name] || null;
    }));
  }

  /* The table of a card is asked for only while it is open. */
  function askTable(view, selection) {
    return view === "table" && selection ? selection : window.dash_clientside.no_update;
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-card-view]");
    if (button) {
      var card = button.dataset.cardView;
      var isTable = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isTable));
      document.getElementById(card + "-chart").hidden = isTable;
      document.getElementById(card + "-table").hidden = !isTable;
      window.dash_clientside.set_props(card + "-view", { data: isTable ? "table" : "chart" });
      if (!isTable) window.dispatchEvent(new Event("resize"));
      return;
    }
    if (event.target.closest("[data-theme-switch]")) {
      var theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      document.documentElement.dataset.theme = theme;
      try { window.localStorage.setItem("hssk-theme", theme); } catch (error) { /* a private window */ }
      window.dash_clientside.set_props("theme", { data: theme });
      return;
    }
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target) || event.target.closest("a, button")) menu.open = false;
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  function themeOf() {
    return document.documentElement.dataset.theme || "light";
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlas: { select: select, ask_table: askTable, theme_of: themeOf },
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

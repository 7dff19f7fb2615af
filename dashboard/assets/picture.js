/* A card as a picture: its graphs, title, subtitle, filters, legend, source and the notice of synthetic data, in one
   SVG with its fonts inside; PNG is the same drawn at twice the size. Nothing leaves the machine. */
(function () {
  "use strict";

  var PAD = 24;
  var LEAST = 640;
  var FONT = '"Be Vietnam Pro"';
  var FACES = [[400, "latin"], [400, "vietnamese"], [600, "latin"], [600, "vietnamese"]];
  var RANGES = {
    latin: "U+0000-00FF,U+0131,U+2000-206F,U+20AC,U+2122,U+2212",
    vietnamese: "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB",
  };
  var faces = null;

  function escaped(text) {
    return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  }

  function asDataAddress(blob) {
    return new Promise(function (done) {
      var reader = new FileReader();
      reader.onload = function () { done(reader.result); };
      reader.readAsDataURL(blob);
    });
  }

  function fonts() {
    faces = faces || Promise.all(FACES.map(function (face) {
      var address = "/assets/fonts/be-vietnam-pro-" + face[1] + "-" + face[0] + "-normal.woff2";
      return fetch(address).then(function (answer) { return answer.blob(); }).then(asDataAddress).then(function (data) {
        return '@font-face{font-family:"Be Vietnam Pro";font-weight:' + face[0] + ";src:url(" + data +
          ') format("woff2");unicode-range:' + RANGES[face[1]] + ";}";
      });
    })).then(function (rules) { return rules.join(""); });
    return faces;
  }

  /* A variable of the style sheet in its light value. */
  function colour(name) {
    var light = document.createElement("div");
    light.dataset.look = "light";
    document.body.appendChild(light);
    var value = getComputedStyle(light).getPropertyValue(name).trim();
    light.remove();
    return value;
  }

  function wrapped(text, width, size, weight) {
    var pen = document.createElement("canvas").getContext("2d");
    pen.font = weight + " " + size + "px " + FONT;
    var lines = [], line = "";
    text.split(/\s+/).forEach(function (word) {
      var longer = line ? line + " " + word : word;
      if (line && pen.measureText(longer).width > width) { lines.push(line); line = word; } else { line = longer; }
    });
    if (line) lines.push(line);
    return lines;
  }

  /* Text from the top down; returns the markup and the height used. */
  function paragraphs(parts, top, width) {
    var markup = "", y = top;
    parts.forEach(function (part) {
      if (!part.text) return;
      wrapped(part.text, width, part.size, part.weight).forEach(function (line) {
        y += part.size * 1.4;
        markup += '<text x="' + PAD + '" y="' + y.toFixed(1) + '" font-size="' + part.size + '" font-weight="' +
          part.weight + '" fill="' + part.colour + '">' + escaped(line) + "</text>";
      });
      y += part.after || 0;
    });
    return { markup: markup, bottom: y };
  }

  function graphsOf(card) {
    return Array.prototype.filter.call(card.querySelectorAll(".js-plotly-plot"), function (graph) {
      return graph.offsetParent !== null && graph.offsetWidth > 0;
    });
  }

  /* The words above a graph that has a caption, a line each, in their own size: a headline number keeps its number. */
  function captionOf(graph) {
    var figure = graph.closest("figure");
    var caption = figure && figure.querySelector("figcaption");
    if (!caption) return [];
    var parts = caption.children.length ? Array.prototype.slice.call(caption.children) : [caption];
    return parts.map(function (part) {
      var style = getComputedStyle(part);
      return {
        text: textOf(part), size: parseFloat(style.fontSize), weight: style.fontWeight,
        colour: colour(part.classList.contains("big") ? "--ink" : "--quiet"),
      };
    });
  }

  function captionHeight(lines) {
    return lines.reduce(function (sum, line) { return sum + line.size * 1.4; }, lines.length ? 6 : 0);
  }

  function captionMarkup(lines, x, top) {
    return lines.map(function (line) {
      top += line.size * 1.4;
      return '<text x="' + x + '" y="' + (top - 6).toFixed(1) + '" font-size="' + line.size + '" font-weight="' +
        line.weight + '" fill="' + line.colour + '">' + escaped(line.text) + "</text>";
    }).join("");
  }

  /* A graph that stands alone fills the width, also where the screen is a phone's. */
  function svgOf(graph, _, graphs) {
    var width = Math.max(graph.offsetWidth, graphs.length === 1 ? LEAST - 2 * PAD : 0), height = graph.offsetHeight;
    return window.Plotly.toImage(window.atlasLight.figure(graph, width, height), { format: "svg", width: width, height: height }).then(function (address) {
      var text = decodeURIComponent(address.slice(address.indexOf(",") + 1)).replace(/<\?xml[^>]*\?>/, "");
      return { text: text, width: width, height: height, caption: captionOf(graph) };
    });
  }

  function legendOf(card, top, width) {
    var markup = "", x = PAD;
    card.querySelectorAll(".legend li").forEach(function (item) {
      var swatch = item.querySelector(".swatch");
      var label = item.textContent.trim();
      if (x > PAD && x + 28 + wrappedWidth(label) > width) { x = PAD; top += 22; }
      var fill = swatch.classList.contains("hatched") ? "url(#hatch)" : window.atlasLight.colour(getComputedStyle(swatch).backgroundColor);
      var shape = swatch.classList.contains("dotted")
        ? '<circle cx="' + (x + 11) + '" cy="' + (top + 10) + '" r="4" fill="' + fill + '" stroke="' + colour("--ink")
        : '<rect x="' + x + '" y="' + (top + 4) + '" width="22" height="12" rx="3" fill="' + fill + '" stroke="' + colour("--rule");
      markup += shape + '"/><text x="' + (x + 28) + '" y="' + (top + 14) + '" font-size="12" fill="' +
        colour("--quiet") + '">' + escaped(label) + "</text>";
      x += 28 + wrappedWidth(label) + 18;
    });
    return { markup: markup, bottom: markup ? top + 24 : top };
  }

  function wrappedWidth(text) {
    var pen = document.createElement("canvas").getContext("2d");
    pen.font = "400 12px " + FONT;
    return pen.measureText(text).width;
  }

  /* The build of the Selection last written (assets/atlas.js): the name of the file says where its numbers are from. */
  function buildId() {
    return document.documentElement.dataset.build || "";
  }

  function textOf(element) {
    return element ? element.textContent.replace(/\s+/g, " ").trim() : "";
  }

  function hatch() {
    return '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="' +
      colour("--hatch-ground") + '"/><rect width="2" height="6" fill="' + colour("--hatch-line") + '"/></pattern>';
  }

  function compose(card) {
    var name = card.dataset.card;
    var page = name.slice(0, name.indexOf("-"));
    return Promise.all([fonts(), Promise.all(graphsOf(card).map(svgOf))]).then(function (found) {
      var graphs = found[1];
      var drawn = graphs.reduce(function (sum, graph) { return sum + graph.width + PAD; }, PAD);
      var width = Math.max(LEAST, drawn);
      var inner = width - 2 * PAD;
      var head = paragraphs([
        { text: textOf(document.querySelector("#banner")), size: 12, weight: 600, colour: colour("--warning"), after: 6 },
        { text: textOf(card.querySelector("h2")), size: 18, weight: 600, colour: colour("--ink"), after: 2 },
        { text: textOf(card.querySelector(".subtitle")), size: 13, weight: 400, colour: colour("--quiet"), after: 2 },
        { text: textOf(document.getElementById(page + "-filters")), size: 12, weight: 400, colour: colour("--quiet"), after: 12 },
      ], PAD - 8, inner);
      var x = PAD + (width - drawn) / 2, tallest = 0, drawings = "";
      var captions = Math.max.apply(null, [0].concat(graphs.map(function (graph) { return captionHeight(graph.caption); })));
      graphs.forEach(function (graph) {
        drawings += captionMarkup(graph.caption, x, head.bottom);
        var body = graph.text.replace(/<svg /, '<svg x="' + x + '" y="' + (head.bottom + captions).toFixed(1) + '" ');
        drawings += body.replace(/fill:\s*rgb\(205, 210, 209\)/g, "fill: url(#hatch)");
        x += graph.width + PAD;
        tallest = Math.max(tallest, graph.height + captions);
      });
      var legend = legendOf(card, head.bottom + tallest + 10, width - PAD);
      var foot = paragraphs([
        { text: textOf(card.querySelector(".card-source")), size: 11.5, weight: 400, colour: colour("--quiet"), after: 0 },
      ], legend.bottom + 4, inner);
      var height = Math.ceil(foot.bottom + PAD);
      return {
        name: ["hssk", name, buildId()].filter(Boolean).join("-").toLowerCase(),
        width: width,
        height: height,
        text: '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="' + width +
          '" height="' + height + '" viewBox="0 0 ' + width + " " + height + '" font-family="\'Be Vietnam Pro\', \'Noto Sans\', sans-serif">' +
          "<defs><style>" + found[0] + "</style>" + hatch() + '</defs><rect width="100%" height="100%" fill="' +
          colour("--paper") + '"/>' + head.markup + drawings + legend.markup + foot.markup + "</svg>",
      };
    });
  }

  function save(blob, name) {
    var link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
    window.setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  }

  function asPng(picture) {
    return new Promise(function (done, failed) {
      var image = new Image();
      image.onload = function () {
        var canvas = document.createElement("canvas");
        canvas.width = picture.width * 2;
        canvas.height = picture.height * 2;
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob(done, "image/png");
      };
      image.onerror = failed;
      image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(picture.text);
    });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-picture]");
    if (!button) return;
    var card = button.closest("[data-card]");
    compose(card).then(function (picture) {
      if (button.dataset.picture === "svg") {
        save(new Blob([picture.text], { type: "image/svg+xml" }), picture.name + ".svg");
        return null;
      }
      return asPng(picture).then(function (blob) { save(blob, picture.name + ".png"); });
    });
  });
})();

/* Draws components/plain.py: elements of HTML as React's own, without a Dash component for each. */
(function () {
  "use strict";

  function drawn(node) {
    if (!Array.isArray(node)) return node;
    return window.React.createElement.apply(null, [node[0], node[1]].concat(node[2].map(drawn)));
  }

  window.dashboard = {
    Plain: function (props) {
      return window.React.createElement.apply(null, [window.React.Fragment, null].concat(props.tree.map(drawn)));
    },
  };
})();

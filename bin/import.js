// Apart from the launchers, because only newer Nodes can parse it.
module.exports = function (path) {
  return import(path);
};

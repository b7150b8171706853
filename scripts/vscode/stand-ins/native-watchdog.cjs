// Stand-in for @vscode/native-watchdog (native): VS Code looks by itself, too, whether its parent lives.
exports.start = () => {};

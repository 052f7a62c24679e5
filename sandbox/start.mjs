// JavaScript, because a Node which is too old for TypeScript must be able to say so.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  await import('./main.ts');
} else {
  console.error(
    `The sandbox needs Node 22.18 or newer, and this is ${process.versions.node}. ` +
      'Install a newer one; on Linux "npm ci && npm start" brings its own.',
  );
  process.exitCode = 1;
}

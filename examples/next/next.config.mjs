export default {
  // A native addon cannot be bundled: the server loads the package from node_modules.
  serverExternalPackages: ['logto-authkit'],
}

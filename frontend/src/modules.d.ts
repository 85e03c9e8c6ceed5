// Imports that the bundler resolves and the type checker can't.
declare module "*.css";

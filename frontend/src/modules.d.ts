// Imports that the bundler resolves and the type checker can't.
declare module "*.css";
declare module "@bpmn-io/element-template-chooser";
declare module "@bpmn-io/element-template-icon-renderer";
declare module "@bpmn-io/variable-resolver";
declare module "bpmn-js-color-picker";
declare module "bpmn-js-create-append-anything";
declare module "bpmn-js-element-templates";
declare module "bpmn-js-properties-panel";
declare module "bpmn-js-token-simulation";
declare module "camunda-bpmn-js-behaviors/lib/camunda-cloud";
declare module "diagram-js-minimap";
declare module "dmn-js/lib/Modeler";
declare module "dmn-js/lib/NavigatedViewer";
declare module "*/feel-builtins/dist/index.js";

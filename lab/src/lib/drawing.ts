/** The library's drawing of whole files. Observable Plot comes with it and is large: import this when somebody exports. */
export { renderSvg, renderTrajectories } from "steepest/plot";

/** Types that public names mention and nobody has to write, by the reason for which they have no name of their own. */
export const unnamed: readonly string[] = [
  // computed from a table or from another type: the compiler writes them
  ...[
    "ArrayOptions",
    "AttrsOf",
    "Choice",
    "Defaulted",
    "Definition",
    "LossOptions",
    "LossOptionSpecs",
    "NodeOf",
  ],
  ...["OptimizerOptions", "ScheduleOptions", "Slots", "StoredState", "Task", "markers"],
  // the shape of a function or of a pair, which says all by itself
  ...["Binary", "Interval", "Link", "Path", "Point", "Reduce", "Shape", "Unary"],
  // options of one call, written as a literal where it is made
  ...["About", "CellTools", "Problem", "Ranked", "SummaryQuestion"],
  // parts of what a call returns, which are read and handed on
  ...["Availability", "Context", "Found", "Gap", "Ghost", "LargeBatchAdvice", "Note", "Preconditioner"],
  ...["ResolvedAxis", "TorchClass", "Windows"],
  // the inside, which a row of a table shows to the code that reads it
  ...["Feed", "Product", "WindowProducts"],
];

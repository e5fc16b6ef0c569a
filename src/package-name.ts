/** The package's name: the one constant that a rename changes, beside `package.json` (a test holds them together). */
export const PACKAGE_NAME = "spotmeter";

package render

// Windows consoles show UTF-8 and set none of the locale variables.
const utf8WithoutLocale = true

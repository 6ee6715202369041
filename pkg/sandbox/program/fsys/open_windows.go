package fsys

const nonBlocking = 0

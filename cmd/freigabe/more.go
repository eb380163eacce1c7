package main

// more are the commands that have files of their own.
var more []command

package main

import "os/exec"

// There are no process groups: what a command leaves in the background has to end by itself.
func inGroup(*exec.Cmd)  {}
func endGroup(*exec.Cmd) {}

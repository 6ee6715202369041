// Command learn-container is the process of a practice container: it reads the description that the
// practice node wrote and runs the program of the container's image. It is started by the node, not
// by people; the whole of it is package program.
package main

import (
	"os"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

func main() {
	os.Exit(program.Main(os.Args))
}

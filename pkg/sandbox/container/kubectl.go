package container

// kubectl in a container is the one that is compiled into the program that made the cluster: the
// container's process starts it, with kubectl's arguments, as a process beside it.
// Its name is role.Kubectl. KubectlSpec is the variable of its environment that holds the container's Spec as
// JSON: Args is kubectl's command line, Env what the container's program sees, Dir its working directory.
const KubectlSpec = "LEARN_KUBECTL"

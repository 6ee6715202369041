package lesson

// shape is what may stand in one mapping of a lesson. The reader refuses every other key, and the
// JSON Schema is made of the same shapes.
type shape struct {
	what   string // "a check", for messages
	about  string // for the schema
	fields []field
	// oneOf are keys of which exactly one stands there.
	oneOf []string
	// with says which other key a key takes to be there.
	with map[string]string
	// either are further schemas, of which one at least holds.
	either []members
}

// field is one key of a shape.
type field struct {
	key   string
	form  form
	must  bool // it must be there
	about string
}

// formKind is what a value can be.
type formKind int

const (
	aText       formKind = iota // a text that is not blank
	anID                        // a part of a namespace's name
	aQuery                      // deployment/web, pods?app=web
	anExpr                      // CEL: any scalar, taken as it was written
	aTemplate                   // a text with {{ }}
	aCommand                    // a line that begins with kubectl
	aPath                       // of a URL
	aTruth                      // true or false
	aNumber                     // a whole number from least to most
	aTime                       // 60s
	aQuantity                   // 150Mi
	aWord                       // one of words
	someTexts                   // a list of texts
	textOrTexts                 // a text, or a list of texts
	commands                    // a command, or a list of commands
	aMapping                    // of the shape
	aList                       // of mappings of the shape, least to most of them
	aQueryOrNil                 // a query, or nothing
	someObjects                 // made-up objects
	anExample                   // made-up objects, or a mapping of the shape
)

// form says what a value may be.
type form struct {
	kind        formKind
	least, most int
	words       []string
	of          func() shape
}

func (s shape) keyNames() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.key
	}
	return names
}

// form is that of a key.
func (s shape) form(key string) form {
	for _, f := range s.fields {
		if f.key == key {
			return f.form
		}
	}
	return form{}
}

func number(least, most int) form { return form{kind: aNumber, least: least, most: most} }

func wordOf(words ...string) form { return form{kind: aWord, words: words} }

func list(of func() shape, least, most int) form {
	return form{kind: aList, of: of, least: least, most: most}
}

func mapping(of func() shape) form { return form{kind: aMapping, of: of} }

func frontMatter() shape {
	return shape{what: "the front matter", about: "What stands between the two lines --- at the top of a lesson.", fields: []field{
		{"id", form{kind: anID}, true, "Lower-case letters, digits and hyphens. The lesson's namespace is learn-ID."},
		{"title", form{}, true, "What the list of lessons calls it."},
		{"summary", form{}, true, "What a learner does here, in one sentence."},
		{"minutes", number(1, maxMinutes), true, "How long a learner is expected to take."},
		{"after", form{kind: someTexts}, false, "IDs of lessons that come first."},
		{"needs", mapping(needsShape), false, "What the cluster must offer; elsewhere the lesson is refused before it starts."},
		{"teaches", form{kind: someTexts}, false, "Concepts that come up for the first time, each the word that the text uses."},
	}}
}

func needsShape() shape {
	able := func(key, about string) field { return field{key, form{kind: aTruth}, false, about} }
	return shape{what: `"needs"`, fields: []field{
		{"nodes", number(1, 50), false, "How many worker nodes."},
		able("metrics", "kubectl top has figures."),
		able("exec", "kubectl exec starts commands in containers."),
		able("addNodes", "Nodes can be added."),
		able("stopNode", "A node can be stopped."),
		able("killContainer", "The process of a container can be killed."),
		able("pressNode", "A node can be left short of memory or disk."),
		able("audit", "The API server keeps an audit log."),
		able("seeNodes", "A command of the lesson looks at nodes."),
		able("cordonNodes", "A command of the lesson cordons, drains, taints or labels nodes."),
	}}
}

func fileShape() shape {
	return shape{what: "the block", fields: []field{{"file", form{}, true, "A manifest beside the lesson."}}}
}

func predictShape() shape {
	return shape{what: "a prediction", about: "Asks what will happen, before it happens.", with: map[string]string{"on": "show", "show": "on"}, fields: []field{
		{"ask", form{}, true, "The question."},
		{"options", list(optionShape, 2, maxOptions), true, "What may be answered; one option at least is right."},
		{"because", form{}, true, "The reason behind the right answer, said afterwards."},
		{"on", form{kind: aQuery}, false, "Which objects show has."},
		{"show", form{kind: anExpr}, false, "CEL that gives a text or a list of texts: the evidence under the answer."},
	}}
}

func optionShape() shape {
	return shape{what: "an option", with: map[string]string{"on": "show"}, either: rightOrWrong(), fields: []field{
		{"say", form{}, true, "The answer."},
		{"right", form{kind: aTruth}, false, "True for a right one."},
		{"belief", form{}, false, "A short name of the misconception behind a wrong one."},
		{"answer", form{}, false, "What is said to that belief afterwards."},
		{"on", form{kind: aQuery}, false, "Which objects show has, where it is not that of the prediction."},
		{"show", form{kind: anExpr}, false, "The evidence, where it is not that of the prediction."},
	}}
}

func checkShape() shape {
	return shape{what: "a check", about: "What must become so.", fields: []field{
		{"that", form{}, true, "The claim, unique in its step."},
		{"on", form{kind: aQuery}, true, "Which objects it is about."},
		{"expect", form{kind: anExpr}, true, "CEL that is true when the claim holds."},
		{"expected", form{}, true, "The same in words."},
		{"within", form{kind: aTime}, false, "How long the cluster may take; 60s if not said."},
		{"otherwise", list(otherwiseShape, 0, maxOtherwise), false, "Reasons why it may not hold; the first that is true is said."},
		{"converging", form{kind: anExpr}, false, "CEL that is true while the cluster is on its way."},
		{"actual", form{kind: aTemplate}, false, "What was found."},
		{"look", form{kind: aCommand}, false, "A kubectl command that shows more."},
	}}
}

func otherwiseShape() shape {
	return shape{what: "an otherwise", fields: []field{
		{"when", form{kind: anExpr}, true, "CEL that is true when this is the reason."},
		{"say", form{kind: aTemplate}, true, "What the learner reads then."},
		{"example", form{kind: anExample, of: exampleShape}, false, "Made-up objects with which this is said, where no wrong turn leads there."},
	}}
}

func exampleShape() shape {
	return shape{what: "an example", fields: []field{
		{"now", form{kind: someObjects}, false, "What is there."},
		{"before", form{kind: someObjects}, false, "What was there when the step began."},
	}}
}

func faultKinds() []FaultKind {
	return []FaultKind{KillContainer, StopNode, StartNode, PressNode, SendLoad}
}

func faultShape() shape {
	s := shape{what: "a fault", about: "Breaks something that no command can, or mends it.", fields: []field{
		{string(KillContainer), form{kind: aQuery}, false, "Whose process is killed: the first Pod that matches."},
		{string(StopNode), form{kind: aTemplate}, false, "The node that is stopped."},
		{string(StartNode), form{kind: aTemplate}, false, `The node that is started, or "stopped" for all that are down.`},
		{string(PressNode), form{kind: aTemplate}, false, "The node of which little is left."},
		{string(SendLoad), form{kind: aQuery}, false, "The Service, or Pods, to which many requests are sent."},
		{"container", form{}, false, "With kill-container: the container, where it is not the first."},
		{"memory", form{kind: aQuantity}, false, "With press-node: how much is left for Pods."},
		{"disk", form{kind: aQuantity}, false, "With press-node: how much is left for Pods."},
		{"say", form{}, true, "What the learner is told of it."},
	}}
	for _, k := range faultKinds() {
		s.oneOf = append(s.oneOf, string(k))
	}
	s.fields = append(s.fields, loadFields()...)
	return s
}

// loadFields are those that only a load has.
func loadFields() []field {
	return []field{
		{"port", number(1, 65535), false, "With load: 80 if not said."},
		{"path", form{kind: aPath}, false, "With load: / if not said."},
		{"rate", number(1, maxRate), false, "With load: requests a second, 20 if not said."},
		{"for", form{kind: aTime}, false, "With load: from 1s to 5m, 30s if not said."},
	}
}

func getShape() shape {
	return shape{what: "a request", about: "A request over HTTP, and what must come back.", fields: []field{
		{"that", form{}, true, "The claim."},
		{"on", form{kind: aQuery}, true, "A Service, or Pods of which the first is asked."},
		{"port", number(1, 65535), false, "80 if not said."},
		{"path", form{kind: aPath}, false, "/ if not said."},
		{"expect", mapping(getExpectShape), false, "What must come back."},
		{"expected", form{}, true, "The same in words."},
		{"times", number(1, maxTimes), false, "How many requests; 1 if not said."},
		{"spread", number(1, maxTimes), false, "How many different answers there must be among them at least."},
		{"within", form{kind: aTime}, false, "How long to go on trying; 30s if not said."},
	}}
}

func getExpectShape() shape {
	return shape{what: `"expect"`, fields: []field{
		{"status", number(100, 599), false, "The HTTP status; 200 if not said."},
		{"contains", form{kind: textOrTexts}, false, "What the answer must hold."},
	}}
}

func explainShape() shape {
	s := shape{what: "an explanation", about: "What happened, told from the live objects."}
	for _, k := range []ExplainKind{Timeline, Tree, Owners, Placement, Why, Map} {
		kind := aQuery
		if k == Map {
			kind = aQueryOrNil
		}
		s.fields = append(s.fields, field{string(k), form{kind: kind}, false, ""})
		s.oneOf = append(s.oneOf, string(k))
	}
	return s
}

func askShape() shape {
	return shape{what: "a question", about: "A question about what was seen; the cluster knows the answer.", fields: []field{
		{"ask", form{}, true, "The question."},
		{"on", form{kind: aQuery}, true, "Which objects answer has."},
		{"answer", form{kind: anExpr}, true, "CEL that gives a text, a number or a truth value; of a list any element is right."},
		{"because", form{}, false, "Said afterwards."},
	}}
}

func turnShape() shape {
	return shape{what: "a wrong turn", about: "What a learner plausibly does instead, and what must then be said.", fields: []field{
		{"do", form{kind: commands}, true, "One command, or a list."},
		{"fails", form{}, true, "The claim of the check that must not hold afterwards."},
		{"says", form{}, true, "A part of what the learner must then read."},
	}}
}

func stepShape() shape {
	return shape{what: "a step", about: "About the step itself.", fields: []field{
		{"support", wordOf(string(Worked), string(Completion), string(Independent)), false, "How much is done for the learner."},
	}}
}

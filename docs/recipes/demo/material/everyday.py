# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""General prose written for this project: how-to, nature, cooking, small stories, dialogues, sums."""

PASSAGES = """
To repair a flat bicycle tyre, turn the bicycle upside down and open the brake. Take the wheel out, lift one side of the tyre over the rim with two levers, and pull out the inner tube. Pump a little air into the tube and hold it near your cheek: the leak can be felt as a thin, cool stream. Roughen the place with sandpaper, spread the glue, wait until it is nearly dry, and press the patch on firmly. Before you put the tube back, run a finger around the inside of the tyre, because the nail or thorn may still be there.

A good cup of tea begins with fresh water. Warm the pot, put in one spoon of leaves for each person, and pour the water on as soon as it boils. Black tea needs three to five minutes; green tea is better with water at 75 °C and not more than two minutes. If the tea is left on the leaves it turns bitter, so pour it all out at once.

The river is low at the end of summer. Stones that were hidden in spring now lie dry and white in the sun, and a heron walks between them as if it owned the place. Toward evening the swallows come down to drink, touching the water so lightly that the rings they leave are smaller than coins.

A compost heap needs air, water and a mixture of green and brown material. Grass, peelings and coffee grounds are green and rot quickly; leaves, straw and cardboard are brown and keep the heap loose. When it is too wet it smells, and when it is too dry nothing happens. Turn it every few weeks. After a year the bottom layer is dark and crumbly and smells of forest.

Bread is made from four things: flour, water, salt and yeast. Mix 500 g of flour with 320 g of water, 10 g of salt and a small spoon of yeast. Knead for ten minutes until the dough is smooth, cover it, and let it rise until it has doubled. Shape a loaf, let it rise once more, and bake it at 230 °C for about 35 minutes. It is done when it sounds hollow on being tapped underneath.

Snow falls differently in a forest. The branches catch the first flakes, and for a while the ground stays brown. Then, one by one, the branches give way, and small white clouds slide down without a sound. A fox has crossed the clearing; its prints run in a straight line, each foot set exactly where the one before it had been.

The market opens at six. By then the fish is already on ice, the baker has set out his rolls, and the woman with the cheese is cutting samples. The early customers know what they want and do not talk much. Those who come at ten are in no hurry; they taste, compare, and carry home more than they had meant to buy.

When you plan a long walk, look first at the map and then at the weather. Count the climbs as well as the distance: a rule of thumb says that each 100 metres of height cost ten extra minutes. Take water, something to eat, a rain jacket and a whistle. Tell somebody where you are going and when you expect to be back.

Bees do not sleep in winter. They gather in a ball around their queen and shiver, so that the middle of the ball stays near 30 °C even when the hive is covered with frost. The bees on the outside slowly move in and those on the inside move out, and all of them live on the honey they stored in summer.

To paint a room, move the furniture to the middle and cover it. Wash the walls, fill the holes, and sand them flat. Begin with the ceiling, then cut in the edges with a brush, and finish the walls with a roller in broad strokes shaped like a W. Two thin coats are better than one thick coat. Wash the brushes before you sit down to admire the work.

The old clock in the hall is always seven minutes fast. Nobody has ever corrected it. Guests hurry when they see it, and the family, who know, still leave the house a little earlier than they need to. Perhaps that is why, in forty years, none of them has missed a train.

A thunderstorm builds when warm, moist air rises fast. Inside the cloud, ice and droplets rub against each other and charges are separated. Lightning heats the air along its path to many thousands of degrees, and the air expands with a bang. Sound needs about three seconds for each kilometre, so count the seconds between flash and thunder and divide by three.

If you want to learn a language, a little every day does more than a lot on Sunday. Learn whole phrases rather than single words, say them aloud, and do not fear mistakes. Read a children's book, listen to the radio while you cook, and find somebody who will talk with you slowly. After three months you will be surprised by how much you understand.

Potatoes are easy to grow. Lay the seed potatoes in a light place until they sprout, then plant them 10 cm deep and 30 cm apart. When the shoots are a hand high, draw earth up around them, and do so again two weeks later. Once the leaves have turned yellow the potatoes can be lifted. Store them in the dark, or they will turn green and should not be eaten.

The library in our village is one room above the post office. There are three shelves for novels, one for travel, one for cooking, and a low box for picture books. Mrs Éclair, who looks after it, knows what each of us has read. "You will not like this," she says now and then, "but your sister will."

Soap works because one end of its molecule likes water and the other end likes fat. The ends that like fat sink into the grease on your hands, and the ends that like water stay outside, so the grease breaks into tiny drops that the water carries off. Cold water does it as well as hot; what matters is time and rubbing.

The tide comes in twice a day, a little later each time. Children who built a castle at noon find a smooth beach at supper. Crabs walk out of their holes, gulls argue over a mussel, and the boats that leaned on their sides all morning rise and turn their bows to the wind.

To sew on a button, choose a thread of the right colour and tie a knot at its end. Come up from the back of the cloth, go through one hole and down through the other, and do this four or five times. Before you finish, wind the thread around under the button so that it stands a little off the cloth. Then go to the back, make two small stitches, and cut.

An orchestra tunes to the oboe. The note is an A, usually at 440 Hz, and one section after another picks it up: first the woodwind, then the brass, and at last the strings. For a moment there is nothing but that one note in many colours. Then it dies away, and in the silence somebody always coughs.

Coffee was late that morning, and so was the bus. Jonas stood under the roof of the stop and watched the rain run down the glass. A woman beside him opened a paper bag, broke a croissant in two, and held out one half without a word. "Thank you," he said. It was still warm. When the bus came at last, he found that he was not in a hurry any more.

A vegetable soup needs patience rather than skill. Cut two onions, three carrots, a leek and a piece of celery, and let them soften in a little oil without turning brown. Add potatoes, pour on hot water, put in a bay leaf and some salt, and let it simmer for half an hour. Parsley goes in at the end. It tastes better on the second day.

The moon shows us always the same side, because it turns once around itself in the time it needs to go once around the earth. Its light is borrowed from the sun. When it stands between us and the sun, its dark side is turned to us and we call it new; two weeks later it is full and rises as the sun goes down.

Writing a letter of thanks is not difficult. Say what you received, say what you did with it, and say why it pleased you. Three honest sentences are enough. A letter that arrives late is better than none, and it needs no long excuse.

The cat next door visits us every afternoon at four. She comes over the wall, inspects the flower pots, and sits down in front of the glass door until someone lets her in. She accepts a little milk, refuses the cushion that was bought for her, and goes to sleep on the newspaper. At six she wants to leave, and not a minute later.

Before you buy a used car, look at it in daylight. Check the tyres for even wear, the edges of the doors for rust, and the oil for a milky colour. Start the engine when it is cold. Drive it on a rough road with the radio off and listen. Ask for the service book, and if the seller is in a great hurry, be slow.

Wind is air on its way from high pressure to low pressure. Over the sea it blows steadily; over land it is broken by hills, trees and houses. By day the land warms faster than the water, so the breeze comes from the sea; at night it turns around. Sailors learned to use both, going out before dawn and coming home in the afternoon.

Knots are worth learning. The bowline makes a loop that does not slip, the reef knot joins two ends of the same rope, and the clove hitch ties a rope to a post. Practise them with your eyes closed. A good knot holds under load and can still be opened afterwards.

In autumn the geese fly south in the shape of a V. Each bird rides a little on the rising air beside the wing of the one in front, and the leader, who has nobody to follow, falls back when it is tired. We heard them before we saw them, calling high above the fog, and stood with our heads back until the last had gone.

To make an omelette for one, beat two eggs with a pinch of salt. Heat a little butter in a small pan until it foams. Pour in the eggs, draw the edges to the middle with a fork, and tilt the pan so that the liquid runs out. While the top is still soft, fold it and slide it onto a warm plate. The whole thing takes less than two minutes.

Our neighbour plays the piano on Sundays. For the first half hour he plays scales, up and down, like somebody climbing stairs to see whether the door on the roof is locked. Then there is a pause, and after the pause the music begins. In summer, when the windows are open, people in the street walk more slowly.

A budget is only a list. Write down what comes in and what must go out: rent, food, electricity, the bus. Put a small sum aside on the first day of the month rather than the last, because on the last day it is no longer there. Look at the list once a week. It will not make you rich, but you will sleep better.

Ice floats because water expands when it freezes. The solid takes about nine per cent more room than the liquid, and so it is lighter for its size. If it were the other way round, lakes would freeze from the bottom, and no fish would live through the winter.

The lighthouse stands at the end of a narrow path. Nobody lives there now; the lamp is lit by a switch in a town thirty kilometres away. But the key still hangs in the bakery, and whoever asks may climb the 142 steps. From the top one sees the bay, the fields, and on clear days a thin blue line that may be an island or may be a cloud.

A child's first bicycle should not be too large. With the saddle low, both feet must reach the ground. Let the child push along without pedals at first, on a meadow that slopes a little, until balance comes by itself. Hold the shoulders, not the handlebar, and let go when you are no longer needed.

Glass is made from sand, soda and lime, melted together at about 1,500 °C. While it is hot it can be blown, pressed or drawn; while it cools it grows stiff without ever forming crystals. Old bottles can be melted again and again. It takes less heat to melt a bottle than to make a new one.

The train crosses the bridge at twenty past eight. The windows are yellow squares, and in each square there is a life: a man with a book, two girls who laugh, a soldier asleep. For four seconds they hang above the river. Then the bridge is dark again, and the water goes on as before.

To keep houseplants alive, water them less than you think. Push a finger into the soil: if it is damp, wait. Most plants die from wet roots, not from thirst. Give them light from the side, turn the pot now and then, and wipe the dust off their leaves. In winter they rest, and so may you.

Honey never spoils if it is kept closed and dry. It holds so little water that nothing can grow in it. With time it turns thick and pale, because sugar forms crystals; put the jar in warm water, not above 40 °C, and it becomes clear again.

Anna had lost her glove on the way to school. She looked under the bench, beside the fountain, and along the wall where she had stopped to watch a snail. In the afternoon it was hanging on the railing of the bridge, with its fingers pointing up, as if it were waving. Someone had put it there so that she would see it.

A map leaves nearly everything out. It shows roads and rivers, but not the smell of the bakery or the dog that barks at number nine. That is why it is useful. A map which showed everything would be as large as the town, and nobody could fold it.

When two people carry a table down a staircase, the stronger one should go below. Lift with the legs, keep the back straight, and agree on a word for stop. Take the drawers out first. At the turn of the stairs, stand the table on its side, and do not be ashamed to rest.

The first frost came in the night. The dahlias, red and tall at supper time, hung black at breakfast. But the sky was of a blue that is never seen in summer, the air tasted of iron and apples, and the whole village had gone out to look at its breath.

Good paper is strong in one direction and weak in the other, because its fibres lie along the path of the machine. Tear a newspaper from top to bottom and the edge is straight; tear it from side to side and it wanders. Bookbinders take care that the fibres run along the spine, or the pages would curl.

At the station café they serve only three dishes: soup, pancakes and soup with pancakes. The owner says that a longer menu makes people nervous. Travellers with ten minutes are served first, travellers with an hour are given a newspaper, and those who missed their train get a slice of cake for which they are not allowed to pay.

A swimming lesson starts with breathing. Stand in water up to the chest, take a breath, put your face in, and blow bubbles. Do it ten times. Then lie on your back with your ears under water and look at the sky; the water carries you if you let it. Only when both are easy do the arms and legs have their turn.

If a recipe serves four and you are six, multiply everything by one and a half. Salt and spices should be raised a little less and tasted. The time in the oven depends on thickness, not on weight: two small cakes bake no longer than one, but one large cake does.

Grandfather kept his nails in old jam jars, sorted by length. He never bought new ones. When a crate came apart he pulled the nails out, laid each on the anvil, and tapped it straight. "A nail has nothing against being used twice," he used to say. After his death we found eleven jars, full, and a twelfth with a label but nothing in it.

The hedgehog comes out at dusk. You hear it before you see it: a rustle under the hedge, a snort, the crack of a snail shell. It needs piles of leaves, gaps in the fence and a shallow dish of water. Milk makes it ill. When it is frightened it rolls up, and the only thing to do then is to go away quietly.
"""

NAMES = ["Ada", "Ben", "Clara", "David", "Emil", "Fatima", "Grace", "Hugo", "Ines", "Jakob", "Klara", "Leo", "Maya", "Nora", "Omar", "Paula", "Quentin", "Rosa", "Sami", "Theo",
         "Uma", "Vera", "Walter", "Yusuf", "Zoë", "René"]

# thing (one, many), place it is kept, unit price in cents (low, high)
GOODS = [("apple", "apples", "basket", 30, 60), ("pencil", "pencils", "drawer", 40, 90), ("egg", "eggs", "box", 25, 45), ("stamp", "stamps", "envelope", 70, 110), ("candle", "candles", "crate", 120, 260),
         ("plum", "plums", "bowl", 20, 40), ("postcard", "postcards", "rack", 80, 150), ("roll", "rolls", "bag", 45, 85), ("tulip", "tulips", "bucket", 60, 130), ("marble", "marbles", "jar", 10, 25),
         ("brick", "bricks", "pile", 55, 95), ("button", "buttons", "tin", 15, 50), ("lemon", "lemons", "net", 50, 90), ("notebook", "notebooks", "shelf", 180, 320), ("sunflower", "sunflowers", "vase", 140, 240)]

# dish | ingredients | steps | remark
DISHES = """
pancakes|200 g of flour, 400 ml of milk, two eggs and a pinch of salt|whisk everything to a thin batter;let it rest for twenty minutes;bake thin rounds in a hot buttered pan|The first one never succeeds and belongs to the cook.
lentil stew|250 g of lentils, two carrots, an onion and a litre of stock|soften the onion and the carrots in oil;add the lentils and the stock;simmer until the lentils are tender|A spoon of vinegar at the end wakes it up.
apple cake|three apples, 150 g of butter, 150 g of sugar, three eggs and 200 g of flour|beat the butter with the sugar;stir in the eggs and the flour;lay the apple slices on top;bake at 180 °C for 45 minutes|It keeps for three days under a cloth.
potato salad|one kilogram of waxy potatoes, an onion, broth, oil and vinegar|boil the potatoes in their skins;peel and slice them while warm;pour over hot broth with vinegar;fold in the oil when they have cooled|It should be shiny and a little soft.
tomato sauce|a can of tomatoes, two cloves of garlic, olive oil and basil|warm the garlic in the oil without browning it;add the tomatoes and salt;cook gently for half an hour;tear the basil over it|Good tomatoes need no sugar.
rice pudding|a litre of milk, 150 g of short-grain rice, sugar and a stick of vanilla|bring the milk to the boil with the vanilla;stir in the rice;cook over low heat for forty minutes, stirring often;sweeten at the end|Cherries go well with it.
pea soup|500 g of split peas, a leek, two carrots and a bay leaf|soak the peas overnight;cook them with the bay leaf until they fall apart;add the vegetables for the last half hour|It is done when a spoon stands in it.
roast vegetables|a pumpkin, four beetroots, two red onions and thyme|cut everything into wedges;turn them in oil, salt and thyme;roast at 200 °C until the edges are brown|Do not crowd the tray, or they will steam.
fish in paper|four fillets of cod, a lemon, dill and a little butter|lay each fillet on a sheet of paper;add lemon, dill and butter;fold the paper tightly;bake for fifteen minutes at 190 °C|Open the parcels at the table for the sake of the smell.
oat biscuits|200 g of oats, 100 g of flour, 120 g of butter and 100 g of brown sugar|melt the butter with the sugar;stir in the oats and the flour;press small heaps on a tray;bake for twelve minutes|They are soft when hot and crisp when cold.
mushroom risotto|300 g of rice, a litre of hot broth, 250 g of mushrooms and an onion|fry the mushrooms and set them aside;soften the onion and stir in the rice;add the broth ladle by ladle;fold in the mushrooms with some cheese|It must flow slowly when the plate is tilted.
crème caramel|four eggs, half a litre of milk and 150 g of sugar|melt half of the sugar to a brown caramel;pour it into small cups;fill up with the beaten eggs, milk and sugar;bake in a water bath at 150 °C|Chill it overnight before you turn it out.
"""

# place | morning sight | sound | event | evening
SCENES = """
the harbour|nets hung out to dry|a bell buoy far out|a boy caught a fish as long as his arm|lamps trembled on the water
the orchard|dew lay on the fallen pears|wasps hummed in the grass|the ladder was carried from tree to tree|the crates stood full beside the gate
the mountain hut|the valley was hidden under cloud|a stream ran under the ice|two climbers came in with frost on their eyebrows|everyone played cards by the stove
the railway yard|steam rose from the wet tracks|wagons bumped together|an engine was pushed by hand for a few metres|the signals turned from red to green and back
the botanical garden|drops hung from the roof of the glasshouse|a blackbird sang on the label of a palm|a cactus opened its only flower|the gardener counted the visitors and locked up
the school yard|chalk lines had been washed away by rain|a ball hit the fence again and again|a girl taught her teacher to skip rope|a forgotten coat hung on the climbing frame
the mill|flour dust shone in a beam of light|the wheel turned with a groan|a sack burst and made ghosts of three men|the water was let past the wheel
the desert road|the tracks of a lizard crossed the sand|the wind sang in a wire|a lorry stopped so that the driver could pray|stars came out all at once
the city park|gardeners raked the gravel|a saxophone practised the same five notes|an old couple danced beside the pond|the ice-cream van drove home
the farm|the cows waited at the gate|milk drummed into the pail|a calf was born in the straw|the dog lay down across the doorway
the island|the ferry had not yet come|the halyards beat against the masts|a letter arrived for someone who had moved away|the last boat left with three passengers
the workshop|shavings covered the floor like snow|a plane whispered along a board|the leg of a chair was turned on the lathe|the tools hung in their places again
"""

WEATHER = ["It was cold and clear.", "A thin rain fell.", "The wind came from the west.", "Fog lay over everything.", "It was the first warm day of the year.", "The sky was grey, but dry.", "There had been a storm in the night.", "Nothing moved in the heat."]

# question | answer: dialogue turns about daily matters
TALKS = """
Where did you put the key?|On the hook beside the door, where it always hangs.
Shall we walk or take the bus?|Let us walk. It is only a kilometre, and the rain has stopped.
What is in the oven?|A cake with plums. It needs ten more minutes.
Why are you up so early?|I want to see the sun come up over the lake.
Can you help me with this shelf?|Yes, hold the left end while I look for the level.
Have you seen my glasses?|They are on your head.
How was the film?|Long, but the music was lovely.
Do we need anything from the shop?|Bread, a lemon, and soap for the kitchen.
When does the train leave?|At ten past nine, from platform four.
Who planted that tree?|My aunt did, in the year when I was born.
Is the water warm enough to swim?|It is 19 °C. I would call it fresh.
What are you reading?|A book about a man who builds a boat in his cellar and cannot get it out.
Would you like more soup?|Half a ladle, please, and a slice of bread.
Why is the door painted blue?|There was blue paint left over from the boat.
Could you turn the music down?|Of course. I did not know that you were working.
What shall we plant in this bed?|Beans along the fence, and carrots in front of them.
Did the letter arrive?|This morning, with a stamp from Norway.
Are you afraid of the dark?|Not of the dark, only of the stairs.
How do you keep the bread so fresh?|I wrap it in a cloth and keep it in a clay pot.
Will it snow tonight?|The radio says so, but the radio said so yesterday too.
What did the teacher say?|That I should talk less and draw more.
Where does this road lead?|To the quarry, and after that to nowhere.
"""


# what friends are asked about
PLANS = ["soup for supper", "a walk to the lake", "a red door", "an earlier train", "chess after lunch", "a dog for the courtyard", "a window on the north side", "music at breakfast", "tea with lemon",
         "a trip to the island", "plums in the cake", "a smaller table", "singing on the bus", "painting the fence", "a longer break", "snow boots", "a second lamp", "lentils on Monday",
         "a bench under the oak", "closing at noon", "fish in paper", "learning Greek", "a clock without numbers", "two cats"]


def passages():
    return [paragraph.strip().replace("\n", " ") for paragraph in PASSAGES.strip().split("\n\n")]


def rows(text):
    return [line.split("|") for line in text.strip().splitlines()]

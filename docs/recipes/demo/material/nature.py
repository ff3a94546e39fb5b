# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Animals, plants, tools and trades in plain words, for the general part of the corpus."""

# animal | kind | where it lives | what it eats | a habit | how it gets through the winter or the dry season
ANIMALS = """
hedgehog|mammal|gardens and the edges of woods|beetles, worms and slugs|rolls into a ball when it is frightened|sleeps under a heap of leaves
otter|mammal|clean rivers and quiet coasts|fish and crabs|slides down muddy banks for the fun of it|hunts under the ice
badger|mammal|dry woods with sandy soil|worms, roots and fallen fruit|airs its bedding in front of the burrow|stays below ground and lives on its fat
red squirrel|mammal|forests of pine and spruce|seeds, nuts and buds|buries nuts and forgets where|stays in its nest on stormy days
barn owl|bird|open fields with old barns|mice and voles|finds its prey by hearing alone|hunts along hedges when snow is deep
swift|bird|the air above towns|small flying insects|sleeps while flying|leaves for Africa at the beginning of August
kingfisher|bird|slow streams with steep banks|little fish|beats its catch against a branch|moves to the coast when streams freeze
robin|bird|parks and gardens|insects and berries|sings even by the light of a street lamp|comes close to houses for crumbs
stork|bird|wet meadows|frogs, mice and grasshoppers|clatters with its bill because it has no voice|flies south on warm air
heron|bird|the shores of lakes|fish, frogs and voles|stands still for so long that it is taken for a post|searches for open water
common frog|amphibian|ponds and damp meadows|insects and snails|catches flies with its sticky tongue|rests in the mud without taking a breath
fire salamander|amphibian|cool forests with springs|worms and woodlice|walks about after rain at night|hides in cracks of the rock
grass snake|reptile|the banks of ponds|frogs and newts|plays dead when it is caught|lies in compost, where it is warm
honey bee|insect|hollow trees and hives|nectar and pollen|shows its sisters the way by dancing|keeps warm in a cluster and eats honey
ladybird|insect|meadows and rose beds|aphids|lets a bitter yellow drop out of its knees|gathers in dozens behind bark
dragonfly|insect|still water with reeds|mosquitoes and flies|can fly backwards|survives as a larva at the bottom of the pond
wood ant|insect|sunny clearings|insects and the sweet juice of aphids|carries loads many times its own weight|moves to the deepest rooms of the nest
garden snail|mollusc|walls and flower beds|leaves and rotten plants|walks over a knife without a cut|closes its shell with a lid of chalk
pike|fish|lakes with water plants|other fish and ducklings|waits motionless like a log|stays in deep water
salmon|fish|the sea and the rivers of its birth|small fish and shrimps|leaps over waterfalls on the way home|grows fat in the ocean
camel|mammal|deserts and dry steppe|thorny shrubs and dry grass|closes its nostrils against sand|lives on the fat of its hump
penguin|bird|cold southern coasts|fish and krill|carries its egg on its feet|huddles with hundreds of others
bat|mammal|lofts, caves and hollow trees|moths and midges|calls so high that we cannot hear it|hangs asleep in a cool cellar
seal|mammal|sandbanks and rocky shores|fish and squid|dries itself in the shape of a banana|swims in water near 0 °C without freezing
"""

# tool | what it is for | how to use it | care
TOOLS = """
hand saw|cutting boards to length|start with a few short pulls, then use the whole blade|a drop of oil keeps rust away
plane|making wood smooth and straight|push with the grain and take thin shavings|lay it on its side so that the edge stays sharp
chisel|cutting joints|hold it with both hands behind the edge|grind it at 25° and finish on a fine stone
spirit level|checking whether a shelf is level|wait until the bubble rests between the lines|never let it fall
screwdriver|turning screws|choose a blade that fills the slot|do not use it as a lever
pliers|gripping and bending wire|hold the handles far back for more force|a little oil on the joint keeps them easy
spade|digging beds|put your weight over the blade, not behind it|clean it with a wooden scraper
watering can|giving plants an even shower|water the soil and not the leaves|empty it before the frost
whisk|beating air into cream|move the wrist and not the arm|rinse it before the egg dries
kitchen scale|measuring flour and sugar|put the bowl on first and set it to zero|keep it away from steam
sewing needle|joining cloth|take short stitches of equal length|keep it in a piece of wool
compass|finding north|hold it flat and away from iron|do not lay it beside a magnet
thermometer|measuring temperature|wait until the reading no longer moves|never hold it over a flame
pump|filling tyres with air|press it straight onto the valve|grease the leather once a year
paint roller|covering walls quickly|roll out the paint in a tray first|wash it until the water runs clear
broom|sweeping floors|pull towards you and then push in short strokes|hang it up so that the bristles stay straight
ladder|reaching high places|set its foot one step out for every four up|look for cracks before you climb
"""

# trade | morning | skill | difficulty | pleasure
TRADES = """
baker|starts at two, when the street is dark|the feeling in the fingertips that says when dough is ready|heat, and sleep at the wrong time|the first warm loaf out of the oven
postman|sorts letters by street and number|knowing every dog by name|rain that finds its way into the bag|the people who wait at the gate
gardener|looks at the sky before anything else|patience measured in years|late frost|the smell of the soil after rain
teacher|writes the date on the board|asking a question that has more than one answer|a class after lunch|the moment when a face lights up
carpenter|sharpens the tools|seeing the chair in the plank|wood that moves with the weather|a drawer that closes with a sigh
bus driver|walks once around the bus|braking so that nobody notices|roadworks|a whole street of green lights
nurse|listens to the report of the night|noticing what has changed|too few hands|a patient who goes home
fisherman|reads the wind from the smoke of the chimney|finding fish with no more than a line and a memory|ice on the deck|the harbour light on the way back
clockmaker|winds the clock in the window|a steady hand|parts that nobody makes any more|the first tick after years of silence
librarian|empties the box of returned books|finding a book from the colour of its cover|readers who turn down corners|a child with a first card
cook|tastes the stock|doing six things at once|the hour between seven and eight|a plate that comes back empty
tailor|irons the cloth|measuring without a tape|customers who breathe in|a coat that hangs well
glassblower|lights the furnace a day ahead|turning without stopping|work that breaks on the last day|colours that appear only when the glass is cold
translator|reads yesterday's page aloud|hearing two languages at the same time|jokes|a sentence that needs no change
"""
